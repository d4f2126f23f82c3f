package main

import "context"

// configFull prints what the output's .config holds, or with -json what its resolved.json holds.
func configFull(_ context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	c, r := resolve(&call.flags), &report{}
	if c.diagnostics.HasErrors() {
		return call.finish(c, r, exitInput, nil)
	}
	var err error
	if r.Config, err = c.resolved.JSON(); err != nil {
		return call.finish(c, r, exitEnvironment, err)
	}
	return call.finishWith(c, r, c.resolved.DotConfig())
}

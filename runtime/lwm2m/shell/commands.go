package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// usage is the answer to help.
var usage = [...]string{
	"read PATH [TYPE]         value of a resource; without TYPE in its own type, and all values below a path of several",
	"write PATH [TYPE] VALUE  set a value, as the device itself does: servers that observe it are notified",
	"create PATH              make an instance of an object or of a multiple resource",
	"delete PATH              remove an instance or a resource",
	"exec PATH [ARGUMENTS]    execute a resource; arguments as 0,1='text'",
	"start ENDPOINT [-b 0|1]  register, -b 1: after a bootstrap",
	"stop                     de-register",
	"update                   send an update of the registration",
	"send PATH...             send values to the server",
	"obs                      list observations: token, composite, last sequence number, state, paths",
	"pause                    stop all traffic",
	"resume                   allow it again",
	"help                     this text",
	"TYPE: -s string, -b boolean, -u8 -u16 -u32 -u64 unsigned, -s8 -s16 -s32 -s64 signed, -f float, -t time, -x hexadecimal;",
	"      read only: -crc32 checksum of the bytes, in decimal",
}

// run does one command. text is the line, of which words are the parts without the prefix.
func (s session) command(ctx context.Context, out *answer, text string, words []word) error {
	if len(words) == 0 {
		return fmt.Errorf("%w: the command is missing; see help", EINVAL)
	}
	name, rest := words[0].text, words[1:]
	least, most := 0, 0
	switch name {
	case "read":
		least, most = 1, 2
	case "write":
		least, most = 2, 3
	case "create", "delete":
		least, most = 1, 1
	case "start":
		least, most = 1, 3
	case "send", "exec":
		least, most = 1, len(rest)
	case "stop", "update", "obs", "pause", "resume", "help":
	default:
		return fmt.Errorf("%w: %.32q; see help", ENOSYS, name)
	}
	if len(rest) < least || len(rest) > most {
		return fmt.Errorf("%s: %w: %d words stand behind it; see help", name, EINVAL, len(rest))
	}
	switch name {
	case "start":
		return s.start(rest)
	case "stop":
		return s.engine.Stop()
	case "update":
		return s.engine.Update()
	case "pause":
		return s.engine.Pause()
	case "resume":
		return s.engine.Resume()
	case "obs":
		s.observations(out)
		return nil
	case "help":
		for _, each := range usage {
			out.line(each)
		}
		return nil
	case "send":
		return s.send(ctx, rest)
	}
	path, err := parsePath(rest[0].text)
	if err != nil {
		return err
	}
	switch name {
	case "read":
		return s.show(out, path, optional(rest, 1))
	case "write":
		if len(rest) == 2 {
			return s.write(path, "", rest[1].text)
		}
		return s.write(path, rest[1].text, rest[2].text)
	case "create":
		return s.create(path)
	case "delete":
		return s.delete(path)
	default: // exec
		return s.execute(path, text, rest[1:])
	}
}

func optional(words []word, i int) string {
	if i < len(words) {
		return words[i].text
	}
	return ""
}

func parsePath(text string) (lwm2m.Path, error) {
	path, err := lwm2m.ParsePath(text)
	if err != nil {
		return lwm2m.Path{}, fmt.Errorf("%w: %w", EINVAL, err)
	}
	return path, nil
}

// exists tells whether there is something at the path.
func (s session) exists(path lwm2m.Path) bool {
	level := path.Level()
	if level == lwm2m.LevelRoot {
		return true
	}
	ids := [...]func() uint16{path.Object, path.Instance, path.Resource, path.ResourceInstance}
	return slices.Contains(s.store.Children(path.Up(level-1)), ids[level-1]())
}

// resource gives the definition of the resource at or above a path.
func (s session) resource(path lwm2m.Path) (*lwm2m.Resource, error) {
	if path.Level() < lwm2m.LevelResource {
		return nil, fmt.Errorf("%v: %w: a path of a resource is needed", path, EINVAL)
	}
	definition, found := s.store.Definition(path.Object())
	if !found {
		return nil, fmt.Errorf("%v: %w: there is no such object", path, ENOENT)
	}
	resource, found := definition.Resource(path.Resource())
	if !found {
		return nil, fmt.Errorf("%v: %w: the object has no such resource", path, ENOENT)
	}
	return resource, nil
}

func (s session) start(words []word) error {
	bootstrap := false
	if len(words) > 1 {
		if len(words) != 3 || words[1].text != "-b" || words[2].text != "0" && words[2].text != "1" {
			return fmt.Errorf("start: %w: behind the endpoint only -b 0 or -b 1 may stand", EINVAL)
		}
		bootstrap = words[2].text == "1"
	}
	if words[0].text == "" {
		return fmt.Errorf("start: %w: the endpoint is empty", EINVAL)
	}
	return s.engine.Start(words[0].text, bootstrap)
}

func (s session) send(ctx context.Context, words []word) error {
	var paths []lwm2m.Path
	for _, each := range words {
		path, err := parsePath(each.text)
		if err != nil {
			return err
		}
		paths = append(paths, path)
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	return s.engine.Send(ctx, paths...)
}

// execute runs a resource. The arguments have quotes of their own, so they are taken as they stand in the line, unless they stand in double
// quotes as a whole.
func (s session) execute(path lwm2m.Path, text string, words []word) error {
	raw := ""
	if len(words) > 0 {
		raw = strings.TrimRight(text[words[0].start:], " \t")
		if raw[0] == '"' && len(words) == 1 {
			raw = words[0].text
		}
	}
	arguments, err := tree.ParseArguments(raw)
	if err != nil {
		return err
	}
	if _, err := s.resource(path); err != nil {
		return err
	}
	return s.engine.Execute(path, arguments)
}

func (s session) create(path lwm2m.Path) error {
	switch {
	case path.Level() != lwm2m.LevelInstance && path.Level() != lwm2m.LevelResourceInstance:
		return fmt.Errorf("create %v: %w: a path of an instance is needed", path, EINVAL)
	case s.exists(path):
		return fmt.Errorf("create %v: %w", path, EEXIST)
	}
	if path.Level() == lwm2m.LevelInstance {
		if _, found := s.store.Definition(path.Object()); !found {
			return fmt.Errorf("create %v: %w: there is no such object", path, ENOENT)
		}
		return refused(s.store.Create(path))
	}
	resource, err := s.resource(path)
	if err != nil {
		return err
	}
	value, err := parseValue(resource.Type, "", zeroText(resource.Type))
	if err != nil {
		return fmt.Errorf("create %v: %w", path, err)
	}
	return s.set(path, value)
}

func (s session) delete(path lwm2m.Path) error {
	switch {
	case path.Level() < lwm2m.LevelInstance:
		return fmt.Errorf("delete %v: %w: a path of an instance or a resource is needed", path, EINVAL)
	case !s.exists(path):
		return fmt.Errorf("delete %v: %w", path, ENOENT)
	case path.Level() == lwm2m.LevelInstance:
		return refused(s.store.Delete(path))
	}
	return refused(s.store.Unset(path))
}

// set sets a value of an instance that is there.
func (s session) set(path lwm2m.Path, value lwm2m.Value) error {
	if !s.exists(path.Up(lwm2m.LevelInstance)) {
		return fmt.Errorf("%v: %w: there is no such instance", path, ENOENT)
	}
	return refused(s.store.Set(lwm2m.Item{Path: path, Value: value}))
}

// refused says of an error of the store, which has found everything but did not like it, that the command was not right.
func refused(err error) error {
	if err == nil || codeOf(err) != -int(EIO) {
		return err
	}
	return fmt.Errorf("%w: %w", EINVAL, err)
}

func (s session) observations(out *answer) {
	for _, o := range s.engine.Observations() {
		kind, state := "single", "idle"
		if o.Composite {
			kind = "composite"
		}
		switch {
		case o.InFlight:
			state = "sent"
		case o.Pending:
			state = "waits"
		}
		text := fmt.Sprintf("%x %s %d %s", o.Token, kind, o.Sequence, state)
		for _, path := range o.Paths {
			text += " " + path.String()
		}
		out.line(text)
	}
}

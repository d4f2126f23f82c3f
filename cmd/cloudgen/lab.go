package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/lab"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
)

// backendsDir holds the shipped backends, which the lab's clouds are named after.
const backendsDir = "runtime/backend/"

// labGCPercent is Go's usual one: the lab stays, and a thousand devices take half the memory then that they would as main sets it.
const labGCPercent = 100

// labTagOption names the option that says under which security tag a firmware looks for its credentials.
func labTagOption(cloud string) string {
	switch cloud {
	case "aws":
		return "MQTT_HELPER_SEC_TAG"
	case "lwm2m":
		return "LWM2M_CLIENT_UTILS_SERVER_TLS_TAG"
	}
	return ""
}

// labPolicy names the file of the output that says what the cloud is to let the device do; "" where there is none.
func labPolicy(cloud string) string {
	if cloud == "aws" {
		return "packaging/aws/policy.json"
	}
	return ""
}

// labBootstrapOption has an LwM2M firmware begin at a bootstrap server.
const labBootstrapOption = "LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP"

// labBootstrapTagOption is likewise for the credentials of a bootstrap server.
const labBootstrapTagOption = "LWM2M_CLIENT_UTILS_BOOTSTRAP_TLS_TAG"

// bootloaderProgram starts the firmware, where the output has it.
const bootloaderProgram = "bootloader"

// labBoardOption names the board that images have to be for.
const labBoardOption = "BOOT_IMAGE_BOARD"

// labSecureOption has an LwM2M firmware speak coaps: without it, it speaks coap.
const labSecureOption = "LWM2M_DTLS_SUPPORT"

// labRun builds the firmware and runs it against the local cloud of its service until the context ends.
func labRun(ctx context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	c := resolve(&call.flags)
	r := &report{Output: call.output}
	if r.Output == "" {
		r.Output = filepath.Join("build", c.name)
	}
	status, err := c.generate(ctx, r, false)
	cloud := ""
	if err == nil && status == exitDone {
		if cloud, err = c.localCloud(); err != nil {
			status = exitInput
		}
	}
	if err == nil && status == exitDone {
		r.Binaries, err = gen.Build(ctx, r.Output, r.Plan, nil)
		status = statusOf(err)
	}
	if status := call.finish(c, r, status, err); status != exitDone {
		return status
	}
	call.summarize(r)
	dir := call.dir
	if dir == "" {
		dir = filepath.Join("build", "lab", c.name)
	}
	if err := call.runAgainstLab(ctx, c, cloud, dir, r.Output); err != nil {
		fmt.Fprintf(call.stderr, "cloudgen: %v\n", err)
		return exitEnvironment
	}
	return exitDone
}

// localCloud names the lab's cloud for the backend that is switched on.
func (c *configuration) localCloud() (string, error) {
	folder, name := path.Split(c.planned.Backend.Dir)
	if folder == backendsDir && slices.Contains(lab.Clouds(), name) {
		return name, nil
	}
	return "", fmt.Errorf("the lab has no local cloud for the backend %s; it has %s; "+
		"generate without `lab`, and run bin/firmware with -endpoint HOST:PORT against a server of your own",
		c.planned.Backend.Import, strings.Join(lab.Clouds(), ", "))
}

func (call *invocation) runAgainstLab(ctx context.Context, c *configuration, cloud, dir, output string) (err error) {
	bin := filepath.Join(output, "bin")
	if err := makeLabDir(dir); err != nil {
		return err
	}
	program, data, installed := "firmware", filepath.Join(dir, "data"), false
	if slices.ContainsFunc(c.planned.Programs, func(each plan.Program) bool { return each.Name == bootloaderProgram }) {
		program = bootloaderProgram
		board, _ := c.resolved.Value(labBoardOption)
		if installed, err = call.installForLab(filepath.Join(bin, "firmware"), data, board.Text); err != nil {
			return err
		}
	}
	options := lab.ServeOptions{Dir: dir, Listen: "localhost:0"}
	if tag, found := c.resolved.Value(labTagOption(cloud)); found {
		options.Tag = int(tag.Int)
	}
	if tag, found := c.resolved.Value(labBootstrapTagOption); found {
		options.BootstrapTag = int(tag.Int)
	}
	bootstrap, _ := c.resolved.Value(labBootstrapOption)
	secure, hasSecure := c.resolved.Value(labSecureOption)
	options.Bootstrap, options.Plain = bootstrap.Bool, cloud == "lwm2m" && hasSecure && !secure.Bool
	if policy := labPolicy(cloud); policy != "" {
		text, err := os.ReadFile(filepath.Join(output, filepath.FromSlash(policy)))
		if err != nil {
			return err
		}
		options.Policy = string(text)
	}
	screen := newScreen(call.stdout)
	options.Events = screen.cloudEvent
	options.Logger = slog.New(slog.NewTextHandler(screen.lines("lab"), &slog.HandlerOptions{Level: slog.LevelWarn}))
	service, err := lab.Serve(ctx, cloud, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	for _, endpoint := range service.Endpoints() {
		screen.line("lab", endpoint)
	}
	if installed {
		screen.line("lab", "the firmware is installed in "+filepath.Join(data, slots.FolderName))
	}
	screen.line("lab", "Ctrl-C ends it")
	return lab.RunFirmware(ctx, lab.RunOptions{
		Binary: filepath.Join(bin, program), Endpoint: service.FirmwareEndpoint(),
		CredentialsDir: service.CredentialsDir(), DataDir: data,
		Stdout: screen.lines("device"), Stderr: screen.lines("device"),
		OnRestart: func(n int) { screen.line("lab", fmt.Sprintf("the firmware asked for a restart: start %d", n+1)) },
	})
}

// labServe runs only the local cloud until the context ends.
func labServe(ctx context.Context, call *invocation) int {
	cloud := call.words[0]
	dir := call.dir
	if dir == "" {
		dir = filepath.Join("build", "lab", cloud)
	}
	if err := call.serve(ctx, cloud, dir); err != nil {
		fmt.Fprintf(call.stderr, "cloudgen: %v\n", err)
		return exitEnvironment
	}
	return exitDone
}

func (call *invocation) serve(ctx context.Context, cloud, dir string) error {
	debug.SetGCPercent(labGCPercent)
	if err := makeLabDir(dir); err != nil {
		return err
	}
	screen := newScreen(call.stderr)
	service, err := lab.Serve(ctx, cloud, lab.ServeOptions{
		Dir: dir, Listen: call.listen, Events: screen.cloudEvent,
		Logger: slog.New(slog.NewTextHandler(screen.lines("lab"), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	for _, endpoint := range service.Endpoints() {
		fmt.Fprintln(call.stdout, endpoint)
	}
	<-ctx.Done()
	return service.Close()
}

// makeLabDir makes the folder of the lab's keys and keeps it out of version control.
func makeLabDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(ignore); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(ignore, []byte("*\n"), 0o644)
}

// Command server is the reference server: pages and an API for the administrators,
// AMI accounts and users of an Asterisk PBX. The rules are in the library.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program immediately.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes, for scripts.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run runs the server until ctx ends, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readSettings(args, stdout)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return exitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "server: %v\nRun it with --help for usage.\n", err)
		return exitUsage
	case s.version:
		_, _ = fmt.Fprintln(stdout, versionText())
		return exitOK
	}
	if err := s.serve(ctx, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "server: %v\n", err)
		if hint := app.Hint(err); hint != "" {
			_, _ = fmt.Fprintln(stderr, hint)
		}
		return exitFailed
	}
	return exitOK
}

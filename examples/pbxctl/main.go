// Command pbxctl administers the users of an Asterisk PBX from a shell. It is
// a thin program over the packages of this module: every rule is theirs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Who stops reading must not end an installation half way.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

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
	// Package os/user believes it of a user whom the host does not know by
	// name, and the audit trail must not, see consoleActor.
	_ = os.Unsetenv("USER")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	code := (&cli{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}).execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

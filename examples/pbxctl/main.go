// Command pbxctl manages the users of an Asterisk PBX from a shell. It is a thin
// program: all rules live in the packages of this module.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A closed pipe must not stop an installation half way.
	signal.Ignore(syscall.SIGPIPE)
	// Package os/user trusts this variable for a user without a name, and the
	// audit log must not, see consoleActor.
	_ = os.Unsetenv("USER")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	code := (&cli{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}).execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

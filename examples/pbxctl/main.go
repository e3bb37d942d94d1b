// Command pbxctl manages the users of an Asterisk PBX from a shell. It is a thin
// program: all rules live in the packages of this module.
package main

import (
	"cmp"
	"context"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"syscall"

	"github.com/pbxusers/pbxusers/store/audit"
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

// consoleActor returns the user of the operating system who runs pbxctl; with
// sudo, the user who ran sudo. Only root may name that user: any other user could
// set the variable to a wrong name.
func consoleActor() audit.Actor {
	name := strconv.Itoa(os.Getuid())
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	if os.Getuid() == 0 {
		name = cmp.Or(os.Getenv("SUDO_USER"), name)
	}
	return audit.Actor{Kind: audit.Console, Name: name}
}

package main

import (
	"cmp"
	"os"
	"os/user"
	"strconv"

	"github.com/pbxusers/pbxusers/store/audit"
)

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

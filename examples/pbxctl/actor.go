package main

import (
	"cmp"
	"os"
	"os/user"
	"strconv"

	"github.com/pbxusers/pbxusers/store/audit"
)

// consoleActor is who runs pbxctl: the user of the operating system, and behind
// sudo the one who ran that. Only root is believed: any other user could set
// the variable to somebody else's name.
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

package asteriskconf

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Asterisk is what this package needs of a running Asterisk. Package
// manager/ami implements it. Every method returns when ctx ends.
type Asterisk interface {
	// Version returns the version of the running Asterisk.
	Version(ctx context.Context) (Version, error)
	// ReadConfig has Asterisk parse a file of its configuration folder now
	// (the action GetConfig) and returns the sections that it found. A file
	// that Asterisk cannot find, read or parse is a [*RejectedError].
	ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error)
	// Reload reloads one module, such as "manager" or "res_pjsip.so", and
	// returns when the module has finished. That it returns nil proves
	// little: most modules report success for a file that they could not
	// read.
	Reload(ctx context.Context, module string) error
	// Command runs a command of the console and returns the lines that it
	// printed.
	Command(ctx context.Context, command string) ([]string, error)
}

// RejectedError says that the running Asterisk refused what it was asked, in
// its own words. Anything else that an [Asterisk] returns means that it could
// not be asked.
type RejectedError struct {
	// Action is what was asked, such as "reload of manager".
	Action string
	// Reason is Asterisk's answer, such as "Config file has invalid format".
	Reason string
}

func (e *RejectedError) Error() string {
	return "Asterisk refused the " + e.Action + ": " + e.Reason
}

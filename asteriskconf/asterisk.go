package asteriskconf

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Asterisk is the interface to a running Asterisk. Package manager/ami
// implements it. Every method returns when ctx ends.
type Asterisk interface {
	// Version returns the version of the running Asterisk.
	Version(ctx context.Context) (Version, error)
	// ReadConfig makes Asterisk parse a file of its configuration folder
	// (action GetConfig) and returns the sections. It returns a
	// [*RejectedError] if Asterisk cannot find, read or parse the file.
	ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error)
	// Reload reloads one module, such as "manager" or "res_pjsip.so", and
	// returns when the module has finished. A nil error proves little: most
	// modules report success for a file that they could not read.
	Reload(ctx context.Context, module string) error
	// Command runs a console command and returns the lines of its output.
	Command(ctx context.Context, command string) ([]string, error)
}

// RejectedError is Asterisk's rejection of a request. Any other error of an
// [Asterisk] means that Asterisk did not answer.
type RejectedError struct {
	// Action is the rejected request, such as "reload of manager".
	Action string
	// Reason is Asterisk's answer, such as "Config file has invalid format".
	Reason string
}

func (e *RejectedError) Error() string {
	return "Asterisk rejected the " + e.Action + ": " + e.Reason
}

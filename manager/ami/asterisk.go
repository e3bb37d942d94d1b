package ami

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/store"
)

var _ asteriskconf.Asterisk = (*Client)(nil)

// The waits between two tries of a reload while another one runs.
const (
	minReloadWait = 100 * time.Millisecond
	maxReloadWait = 2 * time.Second
)

// Version returns the version of the running Asterisk: CoreSettings tells it
// (write class system or reporting), or else "core show version" (class
// command). A text without a version in it, such as that of a development
// branch, is the zero Version.
func (c *Client) Version(ctx context.Context) (asteriskconf.Version, error) {
	answer, err := c.Do(ctx, Action{Name: "CoreSettings"})
	text := answer.Get("AsteriskVersion")
	if errors.Is(err, ErrPermission) {
		var lines []string
		lines, err = c.Command(ctx, "core show version")
		text = strings.Join(lines, "\n")
	}
	if err != nil {
		return asteriskconf.Version{}, err
	}
	version, _ := asteriskconf.ParseVersion(text)
	return version, nil
}

// Reload reloads one module, such as "manager" or "res_pjsip.so" (write class
// config or system), and returns when it has finished. While another reload
// runs it tries again until ctx ends. A refusal is an
// [asteriskconf.RejectedError]. That it succeeds proves little: many modules
// do for a file that they could not read.
func (c *Client) Reload(ctx context.Context, module string) error {
	if module == "" {
		return store.NewInvalidError(store.FieldError{
			Field: "module", Code: "required",
			Message: "name the module: Asterisk reloads all of them otherwise, and reports success when a single one succeeds",
		})
	}
	action := Action{Name: "Reload", Headers: []Header{{Name: "Module", Value: module}}}
	for wait := minReloadWait; ; wait = min(2*wait, maxReloadWait) {
		_, err := c.Do(ctx, action)
		var actionErr *ActionError
		if !errors.As(err, &actionErr) || actionErr.Message != "A reload is in progress" {
			return toRejectedError("reload of "+module, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("ami: reload of %s, while another one is in progress: %w", module, ctx.Err())
		}
	}
}

// Command runs a command of the console (write class command) and returns the
// lines that it printed. One that fails is an [asteriskconf.RejectedError]
// with what it printed. Asterisk refuses "module load", "module unload" and
// "restart gracefully" over AMI.
func (c *Client) Command(ctx context.Context, command string) ([]string, error) {
	answer, err := c.Do(ctx, Action{Name: "Command", Headers: []Header{{Name: "Command", Value: command}}})
	lines := answer.Values("Output")
	if len(lines) == 1 && lines[0] == "" {
		// Asterisk sends one empty line for a command that prints nothing.
		lines = nil
	}
	var actionErr *ActionError
	if errors.As(err, &actionErr) && len(lines) > 0 {
		err = &ActionError{Action: actionErr.Action, Message: printable(strings.Join(lines, " "))}
	}
	if err != nil {
		return nil, toRejectedError("command", err)
	}
	return lines, nil
}

// toRejectedError turns an answer "Error" into a RejectedError. A missing privilege
// and an Asterisk that shuts down say nothing about what was asked, so their
// errors stay as they are.
func toRejectedError(action string, err error) error {
	var actionErr *ActionError
	if !errors.As(err, &actionErr) || actionErr.permission() || actionErr.shutdown() {
		return err
	}
	return &asteriskconf.RejectedError{Action: action, Reason: actionErr.Message}
}

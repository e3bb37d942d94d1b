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

// Waits between two attempts of a reload while another one is running.
const (
	minReloadWait = 100 * time.Millisecond
	maxReloadWait = 2 * time.Second
)

// Version returns the version of the running Asterisk. It uses CoreSettings
// (write class system or reporting) or else "core show version" (class
// command). A version text without a number, such as that of a development
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
// config or system), and returns when it has finished. While another reload is
// running it retries until ctx ends. It returns an [asteriskconf.RejectedError]
// if Asterisk rejects it. A nil error proves little: many modules report
// success for a file that they could not read.
func (c *Client) Reload(ctx context.Context, module string) error {
	if module == "" {
		return store.NewInvalidError(store.FieldError{
			Field: "module", Code: store.CodeRequired,
			Message: "module is required; without it Asterisk reloads all modules and reports success if a single one succeeds",
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

// Command runs a console command (write class command) and returns the lines of
// its output. It returns an [asteriskconf.RejectedError] with the output if the
// command fails. Asterisk rejects "module load", "module unload" and "restart
// gracefully" over AMI.
func (c *Client) Command(ctx context.Context, command string) ([]string, error) {
	answer, err := c.Do(ctx, Action{Name: "Command", Headers: []Header{{Name: "Command", Value: command}}})
	lines := answer.Values("Output")
	if len(lines) == 1 && lines[0] == "" {
		// Asterisk sends one empty line for a command without output.
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

// toRejectedError converts an answer "Error" into a RejectedError. It does not
// convert a missing privilege and a shutdown, which say nothing about the
// request.
func toRejectedError(action string, err error) error {
	var actionErr *ActionError
	if !errors.As(err, &actionErr) || actionErr.permission() || actionErr.shutdown() {
		return err
	}
	return &asteriskconf.RejectedError{Action: action, Reason: actionErr.Message}
}

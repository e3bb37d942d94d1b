package phone

import (
	"context"
	"errors"
	"testing"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	"github.com/stretchr/testify/require"
)

// Call is a call of a [Phone].
type Call struct {
	phone  *Phone
	dialog diago.DialogSession
	// server is the dialog of an incoming call, and client that of an outgoing one.
	server *diago.DialogServerSession
	client *diago.DialogClientSession
	media  *diago.DialogMedia
	// answered is closed when the call is answered or has failed with err.
	answered chan struct{}
	err      error
}

// Caller returns the display name and the number of the caller of an incoming call.
func (c *Call) Caller() (name, number string) {
	from := c.server.InviteRequest.From()
	return from.DisplayName, from.Address.User
}

// Answer answers an incoming call.
func (c *Call) Answer(t testing.TB) {
	t.Helper()
	c.media, c.err = c.server.Answer(diago.AnswerOptions{})
	close(c.answered)
	require.NoError(t, c.err)
}

// Reject refuses an incoming call with a status, such as 486 for busy.
func (c *Call) Reject(t testing.TB, code int, reason string) {
	t.Helper()
	require.NoError(t, c.server.Respond(code, reason, nil))
}

// WaitAnswer waits until an outgoing call is answered.
func (c *Call) WaitAnswer(t testing.TB) {
	t.Helper()
	require.NoError(t, c.wait(t))
}

// WaitRefusal waits until an outgoing call is refused, and returns the status.
func (c *Call) WaitRefusal(t testing.TB) int {
	t.Helper()
	refused, ok := errors.AsType[*StatusError](c.wait(t))
	require.True(t, ok, "the call was not refused: %v", c.err)
	return refused.Code
}

// wait waits for the end of dialing.
func (c *Call) wait(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	select {
	case <-c.answered:
	case <-ctx.Done():
		return ctx.Err()
	}
	if response, ok := errors.AsType[*sipgo.ErrDialogResponse](c.err); ok {
		return &StatusError{Code: response.Res.StatusCode, Reason: response.Res.Reason}
	}
	return c.err
}

// HangUp ends the call.
func (c *Call) HangUp(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	require.NoError(t, c.dialog.Hangup(ctx))
}

// WaitEnd waits until the other side has ended the call.
func (c *Call) WaitEnd(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	select {
	case <-c.dialog.Context().Done():
	case <-ctx.Done():
		require.FailNow(t, "the call does not end")
	}
}

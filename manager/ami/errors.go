package ami

import (
	"errors"
	"fmt"
)

// What can go wrong, besides an action that Asterisk refuses
// ([ActionError]), an action or option that cannot be sent
// ([store.InvalidError]) and a context that ends (its own error). Errors are
// compared with [errors.Is].
var (
	// ErrUnreachable means that no connection came about, or that nothing
	// answered on it; the error is an [UnreachableError].
	ErrUnreachable = errors.New("ami: the address cannot be reached")
	// ErrNotAMI means that something answers at the address that does not
	// speak AMI, or not with the expected use of TLS.
	ErrNotAMI = errors.New("ami: this is not an Asterisk Manager Interface; check the port and the use of TLS")
	// ErrAuthentication means that Asterisk refused the login. It does not
	// say which of the three it was: no such account, a wrong secret, or an
	// address that the account does not permit.
	ErrAuthentication = errors.New("ami: Asterisk refused the login; check the name, the secret and the addresses that the account permits")
	// ErrAlreadyLoggedIn means that the account is logged in already and has
	// allowmultiplelogin off.
	ErrAlreadyLoggedIn = errors.New("ami: the account is logged in already, and does not allow more than one login")
	// ErrPermission means that the account lacks the write privilege for an
	// action; the error is an [ActionError].
	ErrPermission = errors.New("ami: the account lacks the privilege for this action")
	// ErrDisconnected means that the connection was lost before an answer
	// came; the error is a [DisconnectedError].
	ErrDisconnected = errors.New("ami: the connection to Asterisk was lost")
	// ErrListCanceled means that Asterisk broke a list off.
	ErrListCanceled = errors.New("ami: Asterisk broke the list off")
	// ErrTooLarge means that a message or a list was larger than
	// [Options.MaxMessage].
	ErrTooLarge = errors.New("ami: the answer is larger than the limit; raise MaxMessage, or ask for less")
	// ErrNoEvents means that a client that logged in without events was
	// asked for some.
	ErrNoEvents = errors.New("ami: this client receives no events; set Options.Events")
	// ErrClosed means that the client, or the subscription, was closed.
	ErrClosed = errors.New("ami: closed")

	errPingTimeout = errors.New("no answer to a ping")
)

// UnreachableError says why no connection to an address came about. It
// matches [ErrUnreachable].
type UnreachableError struct {
	// Address is the host and port that was tried.
	Address string
	// Err is the cause, such as a [net.OpError].
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("ami: %s cannot be reached: %v", e.Address, e.Err)
}

// Is reports whether target is [ErrUnreachable].
func (e *UnreachableError) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ActionError says that Asterisk answered an action with an error. It matches
// [ErrPermission] when the account lacks the privilege.
type ActionError struct {
	// Action is the action's name.
	Action string
	// Message is Asterisk's answer, such as "No such channel".
	Message string
}

func (e *ActionError) Error() string {
	if e.permission() {
		return fmt.Sprintf("ami: the account lacks the privilege for the action %s; add the class to its write privileges and log in again", e.Action)
	}
	return fmt.Sprintf("ami: Asterisk refused the action %s: %s", e.Action, e.Message)
}

// Is reports whether target is [ErrPermission] and this is one.
func (e *ActionError) Is(target error) bool { return target == ErrPermission && e.permission() }

// shutdown reports whether Asterisk refused the action because it is about to
// end, as it does with every action then, the login included.
func (e *ActionError) shutdown() bool { return e.Message == "Asterisk is shutting down" }

func (e *ActionError) permission() bool { return e.Message == "Permission denied" }

// DisconnectedError says that the connection was lost while an action waited
// for its answer. It matches [ErrDisconnected].
type DisconnectedError struct {
	// Action is the action's name; empty when no action is concerned.
	Action string
	// Sent tells whether the action may have reached Asterisk. When it is
	// false Asterisk has not seen it, and it can be tried again safely.
	Sent bool
	// Err is the cause, such as [io.EOF].
	Err error
}

func (e *DisconnectedError) Error() string {
	switch {
	case e.Action == "":
		return fmt.Sprintf("%v: %v", ErrDisconnected, e.Err)
	case e.Sent:
		return fmt.Sprintf("%v after the action %s was sent, so it may have been done: %v", ErrDisconnected, e.Action, e.Err)
	}
	return fmt.Sprintf("%v before the action %s was sent: %v", ErrDisconnected, e.Action, e.Err)
}

// Is reports whether target is [ErrDisconnected].
func (e *DisconnectedError) Is(target error) bool { return target == ErrDisconnected }

// Unwrap returns the cause.
func (e *DisconnectedError) Unwrap() error { return e.Err }

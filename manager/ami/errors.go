package ami

import (
	"errors"
	"fmt"
)

// Errors besides a rejected action ([ActionError]), an invalid action or option
// ([store.InvalidError]) and the end of a context (its own error). Compare them
// with [errors.Is].
var (
	// ErrUnreachable means that no connection was made or that nothing answered
	// on it. The error is an [UnreachableError].
	ErrUnreachable = errors.New("ami: the address is unreachable")
	// ErrNotAMI means that the program at the address does not speak AMI, or
	// that TLS does not match.
	ErrNotAMI = errors.New("ami: not an Asterisk Manager Interface; check the port and TLS")
	// ErrAuthentication means that Asterisk denied the login. Asterisk does not
	// say whether the account is unknown, the secret is wrong, or the account
	// does not permit the address.
	ErrAuthentication = errors.New("ami: Asterisk denied the login; check the name, the secret and the permitted addresses of the account")
	// ErrAlreadyLoggedIn means that the account is already logged in and has
	// allowmultiplelogin off.
	ErrAlreadyLoggedIn = errors.New("ami: the account is already logged in and allows one login only")
	// ErrPermission means that the account lacks the write privilege for an
	// action. The error is an [ActionError].
	ErrPermission = errors.New("ami: the account lacks the privilege for this action")
	// ErrDisconnected means that the connection was lost before the answer. The
	// error is a [DisconnectedError].
	ErrDisconnected = errors.New("ami: the connection to Asterisk was lost")
	// ErrListCanceled means that Asterisk canceled a list.
	ErrListCanceled = errors.New("ami: Asterisk canceled the list")
	// ErrTooLarge means that a message or a list exceeded [Options.MaxMessage].
	ErrTooLarge = errors.New("ami: the answer exceeds the limit; raise MaxMessage or request less")
	// ErrNoEvents means that the client logged in without events and cannot
	// subscribe.
	ErrNoEvents = errors.New("ami: this client receives no events; set Options.Events")
	// ErrClosed means that the client or the subscription was closed.
	ErrClosed = errors.New("ami: closed")

	errPingTimeout = errors.New("no answer to a ping")
)

// UnreachableError holds why no connection to an address was made. It wraps
// [ErrUnreachable].
type UnreachableError struct {
	// Address is the host and port.
	Address string
	// Err is the cause, such as a [net.OpError].
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("ami: %s is unreachable: %v", e.Address, e.Err)
}

// Is reports whether target is [ErrUnreachable].
func (e *UnreachableError) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ActionError is Asterisk's error answer to an action. It wraps [ErrPermission]
// if the account lacks the privilege.
type ActionError struct {
	// Action is the name of the action.
	Action string
	// Message is Asterisk's answer, such as "No such channel".
	Message string
}

func (e *ActionError) Error() string {
	if e.permission() {
		return fmt.Sprintf("ami: the account lacks the privilege for action %s; add the class to its write privileges and log in again", e.Action)
	}
	return fmt.Sprintf("ami: Asterisk rejected action %s: %s", e.Action, e.Message)
}

// Is reports whether target is [ErrPermission] and the privilege is missing.
func (e *ActionError) Is(target error) bool { return target == ErrPermission && e.permission() }

// shutdown reports whether Asterisk rejected the action because it is shutting
// down. It then rejects every action, including the login.
func (e *ActionError) shutdown() bool { return e.Message == "Asterisk is shutting down" }

func (e *ActionError) permission() bool { return e.Message == "Permission denied" }

// DisconnectedError means that the connection was lost while an action waited
// for its answer. It wraps [ErrDisconnected].
type DisconnectedError struct {
	// Action is the name of the action; empty without an action.
	Action string
	// Sent reports whether Asterisk may have received the action. If it is
	// false, the action can be retried safely.
	Sent bool
	// Err is the cause, such as [io.EOF].
	Err error
}

func (e *DisconnectedError) Error() string {
	switch {
	case e.Action == "":
		return fmt.Sprintf("%v: %v", ErrDisconnected, e.Err)
	case e.Sent:
		return fmt.Sprintf("%v after action %s was sent, which may have run: %v", ErrDisconnected, e.Action, e.Err)
	}
	return fmt.Sprintf("%v before action %s was sent: %v", ErrDisconnected, e.Action, e.Err)
}

// Is reports whether target is [ErrDisconnected].
func (e *DisconnectedError) Is(target error) bool { return target == ErrDisconnected }

// Unwrap returns the cause.
func (e *DisconnectedError) Unwrap() error { return e.Err }

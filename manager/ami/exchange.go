package ami

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// The send states of an exchange.
const (
	stateWaiting int32 = iota
	stateSent
	stateAbandoned
)

// exchange is one action and its answer. The session's reader fills it, and
// nothing else reads it before done closes.
type exchange struct {
	id      string
	action  string
	encoded []byte
	// list reports whether events belong to the answer. limit is their maximum
	// size in bytes.
	list  bool
	limit int

	state atomic.Int32
	done  chan struct{}

	response Message
	events   []Message
	complete Message
	size     int
	err      error
}

func newExchange(a Action, id string) *exchange {
	return &exchange{id: id, action: a.Name, encoded: a.encode(id), done: make(chan struct{})}
}

// wasSent reports whether Asterisk may have received the action.
func (x *exchange) wasSent() bool { return x.state.Load() == stateSent }

// setResponse sets the response and reports whether the answer is complete.
func (x *exchange) setResponse(m Message, value string) (finished bool) {
	x.response = m
	x.err = responseError(x.action, value, m)
	startsList := strings.EqualFold(m.Get("EventList"), "start")
	return !x.list || x.err != nil || !startsList
}

// addEvent adds one event of a list and reports whether it was the last.
func (x *exchange) addEvent(m Message) (finished bool) {
	switch strings.ToLower(m.Get("EventList")) {
	case "complete":
		x.complete = m
		return true
	case "cancelled", "canceled":
		x.complete = m
		x.err = fmt.Errorf("%w: %s", ErrListCanceled, printable(m.Get("Message")))
		return true
	}
	if x.size += len(m.text); x.size > x.limit {
		x.err = ErrTooLarge
		return true
	}
	x.events = append(x.events, m)
	return false
}

// responseError returns an ActionError if the header Response is "Error".
func responseError(action, value string, m Message) error {
	if !strings.EqualFold(value, "Error") {
		return nil
	}
	return &ActionError{Action: action, Message: printable(m.Get("Message"))}
}

// result returns the response only if the reader has finished it.
func (x *exchange) result(err error) (Message, error) {
	select {
	case <-x.done:
		return x.response, err
	default:
		return Message{}, err
	}
}

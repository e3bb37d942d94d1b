package ami

import "context"

// List is the answer to a list action.
type List struct {
	// Response is the response that starts the list.
	Response Message
	// Events are the entries in the order of arrival.
	Events []Message
	// Complete is the event that ended the list. It may contain a summary. It
	// has no headers if the response was the whole answer.
	Complete Message
}

// List runs an action that answers with a list of events, such as
// PJSIPShowEndpoints, and returns when the list is complete. Its events do not
// go to the subscriptions. If the response does not start a list ("EventList:
// start"), there are no entries. Several lists may run at once.
// [Options.MaxMessage] limits the size of all entries together. List returns an
// error wrapping [ErrTooLarge] beyond it, [ErrListCanceled] if Asterisk cancels
// the list, and otherwise the errors of [Client.Do].
func (c *Client) List(ctx context.Context, a Action) (*List, error) {
	if err := a.validate(); err != nil {
		return nil, err
	}
	x := newExchange(a, c.ids.nextList())
	x.list, x.limit = true, c.opts.MaxMessage
	if err := c.exchange(ctx, x); err != nil {
		return nil, err
	}
	return &List{Response: x.response, Events: x.events, Complete: x.complete}, nil
}

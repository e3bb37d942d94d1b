package ami

import "context"

// List is the answer to an action that lists things.
type List struct {
	// Response is the response, which begins the list.
	Response Message
	// Events are the entries in the order in which they came.
	Events []Message
	// Complete is the event that ended the list; it may hold a summary. No
	// headers when the response was all.
	Complete Message
}

// List runs an action that answers with a list of events, such as
// PJSIPShowEndpoints, and returns when the list is complete. Its events do not
// go to the subscriptions. When the response does not begin a list
// ("EventList: start"), there are no entries. Several lists may run at once.
// The entries together are bounded by [Options.MaxMessage] ([ErrTooLarge]),
// and a list that Asterisk breaks off is [ErrListCanceled]; otherwise the
// errors are those of [Client.Do].
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

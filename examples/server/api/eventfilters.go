package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// eventFilterChange is an event filter of a request.
type eventFilterChange struct {
	Action manager.FilterAction `json:"action"`
	Event  string               `json:"event,omitempty"`
	Header string               `json:"header,omitempty"`
	Method manager.FilterMethod `json:"method,omitempty"`
	Match  string               `json:"match,omitempty"`
}

// eventFiltersObject is the field with the event filters of an AMI account.
func (a *api) eventFiltersObject() object[manager.Account] {
	return object[manager.Account]{
		name:   "event_filters",
		schema: &huma.Schema{Type: huma.TypeArray, Nullable: true, Items: schemaFor[eventFilterChange](a.document)},
		set: func(_ context.Context, account *manager.Account, value any) []store.FieldError {
			filters, err := eventFilters(value)
			if err != nil {
				return []store.FieldError{{Field: "event_filters", Code: store.CodeType, Message: "the value must be a list of filters"}}
			}
			account.EventFilters = filters
			return nil
		},
	}
}

func eventFilters(value any) ([]manager.EventFilter, error) {
	var changes []eventFilterChange
	text, err := json.Marshal(value)
	if err := errors.Join(err, json.Unmarshal(text, &changes)); err != nil {
		return nil, err
	}
	filters := make([]manager.EventFilter, len(changes))
	for i, f := range changes {
		filters[i] = manager.EventFilter{
			Action: f.Action, Event: f.Event, Header: f.Header, Method: cmp.Or(f.Method, manager.MatchNone), Match: f.Match,
		}
	}
	return filters, nil
}

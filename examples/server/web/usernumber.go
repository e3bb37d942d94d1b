package web

import (
	"context"
	"errors"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

const fieldDefaultExtension = "default_extension"

// askNumber asks for the new default extension of a user. If another user has it, the
// two can swap.
func (u *userPages) askNumber(ctx context.Context, r *request, now *userman.User, c *confirmation) error {
	number := r.form(fieldDefaultExtension)
	c.Controls = []formField{{Name: fieldDefaultExtension, Label: "New number", Value: number, InputMode: "numeric", Autocomplete: "off", Required: true}}
	if number == "" || number == now.DefaultExtension {
		return nil
	}
	users, err := u.users(ctx).List(ctx, userman.Query{Extension: number})
	if err != nil {
		return err
	}
	for _, other := range users.Items {
		if other.DefaultExtension == number {
			c.Controls = append(c.Controls, formField{Name: "swap", Label: "Swap numbers", Type: "checkbox", Choices: []choice{{
				Value: number, Label: other.Name() + " gets " + now.DefaultExtension, Chosen: r.form("swap") == number,
			}}})
		}
	}
	return nil
}

func (u *userPages) renumber(ctx context.Context, r *request, now *userman.User) (response, error) {
	number := r.form(fieldDefaultExtension)
	numbers := map[string]string{now.DefaultExtension: number}
	if r.form("swap") == number {
		numbers[number] = now.DefaultExtension
	}
	_, err := u.users(ctx).RenumberExtensions(ctx, numbers)
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		return nil, invalidField(fieldDefaultExtension, invalid.Fields[0].Code, invalid.Fields[0].Message)
	}
	back := url.Values{"user": {string(now.ID)}, fieldDefaultExtension: {now.DefaultExtension}}
	if len(numbers) > 1 {
		back.Set("swap", now.DefaultExtension)
	}
	return redirect{
		Path: u.path(now), Flash: "Number changed to " + number + ".", Undo: undo{Action: u.path(now) + "/renumber", Values: back},
	}, err
}

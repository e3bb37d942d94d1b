package web

import (
	"strconv"
)

// tokenFields are the form of an API token, new or not.
type tokenFields struct {
	Problems []problem
	Conflict []difference
	Version  string
	Texts    []field
	Options  group
}

// tokenLabels are the labels by the fields' names.
func tokenLabels() map[string]string {
	return map[string]string{
		"description": "Description", "extensions": "Extensions", "modules": "Modules", "requests_per_hour": "Requests per hour",
		"addresses": "Allowed addresses", "expires_at": "Expires at (UTC)", "disabled": "Disabled",
	}
}

// fields draws the form with what was typed and refused.
func (in tokenInput) fields(errs formErrors) tokenFields {
	labels := tokenLabels()
	input := func(name, value, hint string) field {
		return field{Name: name, Label: labels[name], Value: value, Hint: hint, Autocomplete: "off", Errors: errs.forField(name)}
	}
	requests := input("requests_per_hour", in.RequestsPerHour, "A number, or -1 for no limit.")
	expires := input("expires_at", in.ExpiresAt, "Leave empty for no expiry.")
	expires.Type = "datetime-local"
	return tokenFields{
		Problems: errs.summary(labels),
		Texts: []field{
			input("description", in.Description, "The program that uses the token."),
			input("extensions", in.Extensions, "Enter all for all extensions of the user, or a list separated by commas."),
			input("modules", in.Modules, "Enter all, or a list separated by commas, for example voicemail, history."),
			requests,
			input("addresses", in.Addresses, "IP addresses and networks, for example 10.0.0.0/8. Leave empty to allow all addresses."),
			expires,
		},
		Options: group{Name: "options", Legend: "Status", Choices: []choice{{Value: "disabled", Label: labels["disabled"], Hint: "The token does not work while it is disabled.", Chosen: in.Disabled}}},
	}
}

// conflictOfToken compares what stands now with what was typed.
func conflictOfToken(now, typed tokenInput) []difference {
	labels := tokenLabels()
	return differences(
		difference{labels["description"], now.Description, typed.Description},
		difference{labels["extensions"], now.Extensions, typed.Extensions},
		difference{labels["modules"], now.Modules, typed.Modules},
		difference{labels["requests_per_hour"], now.RequestsPerHour, typed.RequestsPerHour},
		difference{labels["addresses"], now.Addresses, typed.Addresses},
		difference{labels["expires_at"], now.ExpiresAt, typed.ExpiresAt},
		difference{labels["disabled"], strconv.FormatBool(now.Disabled), strconv.FormatBool(typed.Disabled)},
	)
}

package api

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// NewManager is an AMI account to be made.
type NewManager struct {
	Name   string       `json:"name"`
	Secret store.Secret `json:"secret,omitzero"`
	Preset string       `json:"preset,omitempty"`
	ManagerChanges
}

// ManagerChanges are the fields of an AMI account to be set.
type ManagerChanges struct {
	Deny               optional[[]string]            `json:"deny,omitzero"`
	Permit             optional[[]string]            `json:"permit,omitzero"`
	NamedACL           optional[string]              `json:"named_acl,omitzero"`
	Read               optional[[]string]            `json:"read,omitzero"`
	Write              optional[[]string]            `json:"write,omitzero"`
	EventFilters       optional[[]eventFilterChange] `json:"event_filters,omitzero"`
	DisplayConnects    optional[bool]                `json:"display_connects,omitzero"`
	AllowMultipleLogin optional[bool]                `json:"allow_multiple_login,omitzero"`
	WriteTimeout       optional[int]                 `json:"write_timeout,omitzero"`
	Disabled           optional[bool]                `json:"disabled,omitzero"`
	Note               optional[string]              `json:"note,omitzero"`
	Owner              optional[string]              `json:"owner,omitzero"`
}

// eventFilterChange is a filter to be set.
type eventFilterChange struct {
	Action manager.FilterAction `json:"action"`
	Event  string               `json:"event,omitempty"`
	Header string               `json:"header,omitempty"`
	Method manager.FilterMethod `json:"method,omitempty"`
	Match  string               `json:"match,omitempty"`
}

// applyTo sets the fields of u that are given, and returns those that cannot be
// read.
func (c *ManagerChanges) applyTo(u *manager.Account) []store.FieldError {
	c.NamedACL.assignTo(&u.NamedACL)
	c.DisplayConnects.assignTo(&u.DisplayConnects)
	c.AllowMultipleLogin.assignTo(&u.AllowMultipleLogin)
	if c.AllowMultipleLogin.null {
		u.AllowMultipleLogin = true
	}
	c.WriteTimeout.assignTo(&u.WriteTimeout)
	c.Disabled.assignTo(&u.Disabled)
	c.Note.assignTo(&u.Note)
	c.Owner.assignTo(&u.Owner)
	if c.EventFilters.set {
		u.EventFilters = eventFilters(c.EventFilters.value)
	}
	return slices.Concat(
		setNetworks("deny", c.Deny, &u.Deny),
		setNetworks("permit", c.Permit, &u.Permit),
		setClasses("read", c.Read, &u.Read),
		setClasses("write", c.Write, &u.Write),
	)
}

func eventFilters(given []eventFilterChange) []manager.EventFilter {
	filters := make([]manager.EventFilter, len(given))
	for i, f := range given {
		filters[i] = manager.EventFilter{
			Action: f.Action, Event: f.Event, Header: f.Header, Method: cmp.Or(f.Method, manager.MatchNone), Match: f.Match,
		}
	}
	return filters
}

func setNetworks(field string, given optional[[]string], networks *[]manager.Network) []store.FieldError {
	if !given.set {
		return nil
	}
	var errs []store.FieldError
	parsed := make([]manager.Network, 0, len(given.value))
	for i, text := range given.value {
		n, err := manager.ParseNetwork(text)
		if err != nil {
			errs = append(errs, fieldErrors(fmt.Sprintf("%s[%d]", field, i), err)...)
			continue
		}
		parsed = append(parsed, n)
	}
	if len(errs) == 0 {
		*networks = parsed
	}
	return errs
}

func setClasses(field string, given optional[[]string], classes *manager.Privileges) []store.FieldError {
	if !given.set {
		return nil
	}
	var errs []store.FieldError
	parsed := manager.NoPrivileges
	for i, name := range given.value {
		class, err := manager.ParsePrivileges(name)
		if err != nil {
			errs = append(errs, fieldErrors(fmt.Sprintf("%s[%d]", field, i), err)...)
			continue
		}
		parsed |= class
	}
	if len(errs) == 0 {
		*classes = parsed
	}
	return errs
}

// shownManager is an AMI account as the API and pbxctl show it: with the
// secret only where it is shown once.
type shownManager struct {
	*manager.Account
	Secret   string            `json:"secret,omitempty"`
	Warnings []manager.Warning `json:"warnings"`
}

func showManager(u *manager.Account) shownManager {
	warnings := u.Lint()
	if warnings == nil {
		warnings = []manager.Warning{}
	}
	return shownManager{Account: u, Warnings: warnings}
}

// withGeneratedSecret shows the secret too, unless it was given: who gave it has it.
func withGeneratedSecret(u *manager.Account, given store.Secret) shownManager {
	shown := showManager(u)
	if given.IsZero() {
		shown.Secret = u.Secret.Reveal()
	}
	return shown
}

// etag returns the tag of the account, whether or not its secret is shown.
func (m shownManager) etag() string {
	m.Secret = ""
	return computeETag(m)
}

func exampleManager() shownManager {
	permit, _ := manager.ParseNetwork("10.0.0.0/8")
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	u := &manager.Account{
		Name: "crmpro_ami", Deny: []manager.Network{}, Permit: []manager.Network{permit},
		Owner: "CRM team", CreatedAt: created, UpdatedAt: created, SecretChangedAt: created,
	}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(u)
	return showManager(u)
}

func exampleSecretManager() shownManager {
	shown := exampleManager()
	shown.Secret = "exampleOfAnAMISecretExampleOfAnA"
	return shown
}

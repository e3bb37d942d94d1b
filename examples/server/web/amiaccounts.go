package web

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountPages are the pages of AMI accounts.
type amiAccountPages struct {
	record[manager.Account]
}

// amiAccountPath is the page of an AMI account.
func amiAccountPath(name string) string { return recordPath("/ami-accounts/", name) }

func newAMIAccountPages(p *pages) *amiAccountPages {
	a := &amiAccountPages{}
	a.record = withDefaults(record[manager.Account]{
		pages: p, template: "amiaccount", listPath: "/ami-accounts", changed: p.jobs.InvalidateStatus,
		fieldSet: fieldSet[manager.Account]{
			Type:     resource.AMIAccounts(func(context.Context) *manager.Service { return p.site.AMIAccounts }, p.lintAMIAccount),
			first:    []string{"name", "permit", "deny", "named_acl"},
			sections: map[string]string{"deny": otherAddresses, "named_acl": otherAddresses},
			filters:  func(one *manager.Account) *[]manager.EventFilter { return &one.EventFilters }, complete: a.complete,
		},
		tabs:    []tab{{ID: "settings", Label: "Settings"}, {ID: activityTab, Label: "Activity"}},
		columns: []column{{"Account", "name"}, {"Addresses", ""}, {"Read", ""}, {"Write", ""}, {"State", ""}, {"Changed", "updated_at"}},
		search:  "Search AMI accounts", bulk: a.bulkActions(p.site.AMIAccounts),
		empty: emptyState{
			"plug-connected", "There are no AMI accounts yet.",
			"An integration that connects to Asterisk on port 5038 needs one. Add it, enter its name and secret in the integration, and apply.", "Add the first account", "/ami-accounts/new",
		},
		list: func(ctx context.Context, _ *request, body *listPage[manager.Account]) error {
			body.Extra = a.accountStates(ctx, body.Items...)
			return nil
		},
		path:      func(one *manager.Account) string { return amiAccountPath(one.Name) },
		changedAt: func(one *manager.Account) time.Time { return one.UpdatedAt },
		load: func(ctx context.Context, r *request) (*manager.Account, error) {
			return p.site.AMIAccounts.Get(ctx, r.PathValue("name"))
		},
		lead:   "A login for a program. For access to this interface, add an administrator instead.",
		drawer: a.draw, describe: a.describe,
		blank: func(_ context.Context, r *request) (*manager.Account, error) {
			blank := &manager.Account{AllowMultipleLogin: true, WriteTimeout: manager.DefaultWriteTimeout}
			err := blank.ApplyPreset(r.query("preset"))
			return blank, err
		},
		newForm: func(f *form, r *request, errs formErrors) {
			f.addSecret(f.Sections[0].Legend, newSecret("Secret"), r, errs, "")
		},
		created: func(ctx context.Context, _ *request, result resource.Result[manager.Account]) (response, error) {
			shown := a.showSecret(ctx, result.Record)
			shown.Flash = result.Record.Name + " was added."
			return shown, nil
		},
		saved: func(_, _ *manager.Account) string { return "Saved. Apply to make it live." },
		deleted: func(one *manager.Account) string {
			return one.Name + " was deleted. Apply to remove the account from Asterisk."
		},
	})
	return a
}

// accountExtra is what the page of an AMI account has besides the record. Probe is the
// result of a test login; nil without one.
type accountExtra struct {
	State accountState
	Probe *probeResult
}

func (a *amiAccountPages) describe(ctx context.Context, _ *request, body *recordPage[manager.Account], _ formErrors) error {
	body.Extra = accountExtra{State: a.accountStates(ctx, body.Record)[0]}
	return nil
}

// bulkActions are the actions on selected AMI accounts.
func (a *amiAccountPages) bulkActions(accounts *manager.Service) []bulkAction[manager.Account] {
	return []bulkAction[manager.Account]{
		{Name: "enable", Label: "Enable", Done: "enabled. Apply to make it live", do: func(ctx context.Context, _ *request, now *manager.Account) error {
			_, err := accounts.Enable(ctx, now.Name)
			return err
		}},
		{Name: "disable", Label: "Disable", Done: "disabled. Apply to make it live", do: func(ctx context.Context, _ *request, now *manager.Account) error {
			_, err := accounts.Disable(ctx, now.Name)
			return err
		}},
		{
			Name: "delete", Label: "Delete", Danger: true, Done: "deleted. Apply to make it live",
			ask: func(_ context.Context, _ *request, now *manager.Account) ([]string, bool, error) {
				if now.Owner == "" {
					return nil, true, nil
				}
				return []string{"Owner: " + now.Owner + "."}, true, nil
			},
			do: func(ctx context.Context, _ *request, now *manager.Account) error {
				return accounts.Delete(ctx, now.Name)
			},
		},
	}
}

// accountState is an AMI account, and whether Asterisk serves another version of it.
type accountState struct {
	*manager.Account

	NotLive bool
}

// accountStates returns the states of accounts. Without a plan no account counts as not
// live; the banner says why there is none.
func (a *amiAccountPages) accountStates(ctx context.Context, accounts ...*manager.Account) []accountState {
	pending, err := a.jobs.Pending(ctx)
	states := make([]accountState, len(accounts))
	for i, one := range accounts {
		states[i] = accountState{one, err == nil && pending.Has(a.Kind, one.Name)}
	}
	return states
}

func (a *amiAccountPages) routes() []route {
	const section, list, one = app.SectionAMIAccounts, "/ami-accounts", "/ami-accounts/{name}"
	service := func(context.Context) *manager.Service { return a.site.AMIAccounts }
	return slices.Concat(
		a.record.routes(section, list, one),
		a.confirmed(section, one, "/delete", nil, a.delete), a.confirmed(section, one, "/rotate", asksFor[manager.Account](newSecret("New secret")), a.rotate),
		[]route{
			post(list+"/check", section, a.check),
			post(one+"/disable", section, a.acting(a.undoneBy("/enable",
				calls(&a.record, service, "Disabled. Apply to remove the account from Asterisk.", (*manager.Service).Disable)))),
			post(one+"/enable", section, a.acting(a.undoneBy("/disable",
				calls(&a.record, service, "Enabled. Apply to make it live.", (*manager.Service).Enable)))),
			get(one+"/secret", section, a.with(a.secret)), post(one+"/probe", section, a.with(a.probe)),
		},
	)
}

// newSecret is the field of a new secret.
func newSecret(label string) formField {
	return formField{
		Name: "secret", Label: label, Type: "password", Autocomplete: "new-password",
		Hint: "Leave empty to generate a strong secret, which is shown only once.",
	}
}

func (a *amiAccountPages) rotate(ctx context.Context, r *request, now *manager.Account) (response, error) {
	rotated, err := a.site.AMIAccounts.Rotate(ctx, now.Name, store.NewSecret(r.form("secret")))
	if err != nil {
		return nil, err
	}
	return a.showSecret(ctx, rotated), nil
}

// amiAccountSecretPage shows a new secret, once.
type amiAccountSecretPage struct {
	Name, Back string
	// Secret is empty when it was shown before.
	Secret string
	// Host and Port are where AMI listens, as far as this server knows.
	Host, Port string
}

func (a *amiAccountPages) showSecret(ctx context.Context, now *manager.Account) redirect {
	return a.showOnce(ctx, now, "/secret", now.SecretChangedAt, now.Secret)
}

func (a *amiAccountPages) secret(_ context.Context, r *request, now *manager.Account) (response, error) {
	secret := a.takeOnce(r, now, "/secret", now.SecretChangedAt)
	host, port := a.site.Host().ClientAddress(a.ownHostname())
	body := amiAccountSecretPage{Name: now.Name, Back: a.path(now), Secret: secret, Host: host, Port: port}
	return page{Name: "amiaccountsecret", Title: "Secret of " + now.Name, Body: body}, nil
}

// ownHostname is the host name of the pages; empty if it is unknown.
func (p *pages) ownHostname() string {
	base, err := url.Parse(p.baseURL())
	if err != nil {
		return ""
	}
	return base.Hostname()
}

// probeResult is the result of a test login.
type probeResult struct {
	// OK reports a login, and Expected what the record leads to.
	OK, Expected bool
	Message      string
}

// probe logs in as the account. htmx gets the result alone.
func (a *amiAccountPages) probe(ctx context.Context, r *request, now *manager.Account) (response, error) {
	result, err := a.probeAccount(ctx, now.Name)
	if err != nil {
		return nil, err
	}
	if r.isHTMX() {
		return fragment{"probed", result}, nil
	}
	probed := a.record
	probed.describe = func(ctx context.Context, _ *request, body *recordPage[manager.Account], _ formErrors) error {
		body.Extra = accountExtra{a.accountStates(ctx, now)[0], result}
		return nil
	}
	return probed.show(ctx, r, now)
}

func (a *amiAccountPages) probeAccount(ctx context.Context, name string) (*probeResult, error) {
	result, err := a.site.Host().Probe(ctx, name, nil)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist) {
		return &probeResult{Message: "No Asterisk is connected. Check the AMI address in the settings."}, nil
	}
	if err != nil {
		return nil, err
	}
	message := sentence(result.Message)
	if status, err := a.jobs.Status(ctx); result.Outcome != manager.LoggedIn && err == nil && status.Pending {
		message += " There are pending changes. Apply them first."
	}
	return &probeResult{result.Outcome == manager.LoggedIn, result.Expected, message}, nil
}

package resource

import (
	"context"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// AMIAccountView is an AMI account as JSON shows it. Secret is a generated secret,
// which is shown only once.
type AMIAccountView struct {
	*manager.Account

	Secret   string            `json:"secret,omitempty"`
	Warnings []manager.Warning `json:"warnings"`
}

// AMIAccounts declares AMI accounts. The function service returns the service for
// the actor of the context, and lint the warnings about an account.
func AMIAccounts(service func(context.Context) *manager.Service, lint func(*manager.Account) []manager.Warning) *Type[manager.Account] {
	t := &Type[manager.Account]{
		Name: "AMI account", Plural: "AMI accounts", Kind: "AMI account", Key: "name",
		Fields: manager.Fields(), Parts: amiAccountParts(),
		Inputs: []field.Meta{{
			Name: "preset", Kind: field.KindText, Label: "Preset", Placeholder: "PRESET",
			Help: "Sets read, write, write_timeout and event_filters. Fields that are given override it.",
		}},
		Secret: &field.Meta{
			Name: "secret", Kind: field.KindText, Label: "Secret",
			Help: "The password of the account, 12 to 200 bytes. Without it one is generated and shown only once.",
		},
		Columns: []string{"name", "owner", "read", "write", "permit", "disabled"},
		Sort:    manager.SortFields(), Search: "Only accounts with this text in the name, the owner or the note. Case does not matter.",
		New:   func() *manager.Account { return &manager.Account{AllowMultipleLogin: true} },
		KeyOf: func(a *manager.Account) string { return a.Name },
		Show: func(r Result[manager.Account]) any {
			return AMIAccountView{Account: r.Record, Secret: r.Secret.Reveal(), Warnings: append([]manager.Warning{}, lint(r.Record)...)}
		},
	}
	setCalls(t, service, (*manager.Service).Get, (*manager.Service).Update)
	t.List = func(ctx context.Context, q Query) (*store.Page[Result[manager.Account]], error) {
		return wrapPage(service(ctx).List(ctx, manager.Query{Search: q.Search, Sort: q.Sort, PageRequest: q.PageRequest}))
	}
	t.Prepare = func(ctx context.Context, d *Draft[manager.Account]) (Commit[manager.Account], error) {
		d.Record.Secret = d.Secret
		create, err := service(ctx).PrepareCreate(ctx, d.Record, d.Errors...)
		return func(ctx context.Context) (Result[manager.Account], error) {
			created, err := create(ctx)
			return WithGeneratedSecret(created, d.Secret, err)
		}, err
	}
	t.Delete = func(ctx context.Context, key string, _ bool) error { return service(ctx).Delete(ctx, key) }
	return t.check()
}

// WithGeneratedSecret adds the secret to an account of the service, unless it was
// given.
func WithGeneratedSecret(a *manager.Account, given store.Secret, err error) (Result[manager.Account], error) {
	result, err := wrap(a, err)
	if err == nil && given.IsZero() {
		result.Secret = a.Secret
	}
	return result, err
}

func amiAccountParts() []Part[manager.Account] {
	return []Part[manager.Account]{
		networksPart("deny", "Denied addresses", "Addresses and networks that cannot log in.",
			func(a *manager.Account) *[]manager.Network { return &a.Deny }),
		networksPart("permit", "Permitted addresses", "Addresses and networks that can log in, even if they are denied. "+
			"If only permitted addresses are given, all others are denied. If neither are given, every address can log in.",
			func(a *manager.Account) *[]manager.Network { return &a.Permit }),
		privilegesPart("read", "Read", "Classes of events that the account receives; all stands for every class.",
			func(a *manager.Account) *manager.Privileges { return &a.Read }),
		privilegesPart("write", "Write", "Classes of actions that the account can perform; all stands for every class.",
			func(a *manager.Account) *manager.Privileges { return &a.Write }),
	}
}

func networksPart(name, label, help string, at func(*manager.Account) *[]manager.Network) Part[manager.Account] {
	m := field.Meta{Name: name, Label: label, Help: help, Section: "Addresses", Placeholder: "ADDRESSES", Format: field.FormatMultiline, Max: manager.MaxNetworks}
	return listPart(m, at, manager.ParseNetwork, manager.Network.String)
}

func privilegesPart(name, label, help string, at func(*manager.Account) *manager.Privileges) Part[manager.Account] {
	return Part[manager.Account]{
		Meta: field.Meta{Name: name, Kind: field.KindList, Label: label, Help: help, Section: "Privileges", Placeholder: "CLASSES", Format: field.FormatChoice},
		Get:  func(a *manager.Account) field.Value { return field.ListValue(at(a).Names()) },
		Set: func(a *manager.Account, v field.Value) []store.FieldError {
			classes, err := manager.ParsePrivileges(v.List()...)
			if err != nil {
				return store.FieldErrorsAt(name, err)
			}
			*at(a) = classes
			return nil
		},
	}
}

package manager_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// auditedOffice is a service whose every act is kept.
type auditedOffice struct {
	*manager.Service
	db    *memstore.DB
	trail *audit.Trail
}

func newAuditedOffice(t testing.TB, opts *manager.Options) *auditedOffice {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db := memstore.New()
	o := &auditedOffice{db: db, trail: audit.New(db.Audit(), keyring, nil)}
	given := manager.Options{}
	if opts != nil {
		given = *opts
	}
	given.Audit = o.trail
	o.Service = manager.New(db.Managers(), &given)
	return o
}

// entries returns what was kept, newest first.
func (o *auditedOffice) entries(t testing.TB) []*audit.Entry {
	t.Helper()
	list, err := o.trail.List(t.Context(), audit.Query{Kind: "AMI account"})
	require.NoError(t, err)
	return list.Items
}

func (o *auditedOffice) problems(t testing.TB) []audit.Problem {
	t.Helper()
	found, err := o.trail.Verify(t.Context(), o.AuditRecords())
	require.NoError(t, err)
	return found.Problems
}

func TestEveryChangeOfAnAccountIsKeptInTheTrail(t *testing.T) {
	t.Parallel()
	o := newAuditedOffice(t, nil)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane"})
	_, err := o.Create(ctx, &manager.User{Name: "Crm", Secret: store.NewSecret(goodSecret)})
	require.NoError(t, err)
	_, err = o.Update(ctx, "crm", func(u *manager.User) error { u.Note = "of the CRM"; return nil })
	require.NoError(t, err)
	_, err = o.Rotate(ctx, "crm", store.Secret{})
	require.NoError(t, err)
	_, err = o.Disable(ctx, "crm")
	require.NoError(t, err)
	_, err = o.Enable(ctx, "crm")
	require.NoError(t, err)
	require.Empty(t, o.problems(t))
	require.NoError(t, o.Delete(ctx, "crm"))

	entries := o.entries(t)
	for i, action := range []string{"delete", "enable", "disable", "rotate", "update", "create"} {
		e := entries[i]
		require.Equal(t, []any{action, "Crm", audit.Done, "", "jane"}, []any{e.Action, e.Key, e.Outcome, e.Reason, e.Actor.Name})
		require.Equal(t, action == "create", e.Before == nil, action)
		require.Equal(t, action == "delete", e.After == nil, action)
		require.Equal(t, action == "delete", e.Fingerprint == nil, action)
		require.NotContains(t, string(e.Before)+string(e.After), goodSecret)
		require.NotContains(t, string(e.Before)+string(e.After), "redacted")
	}
	update := entries[4]
	require.Contains(t, string(update.Before), `"note":""`)
	require.Contains(t, string(update.After), `"note":"of the CRM"`)
	require.Empty(t, o.problems(t))
}

func TestEveryRefusalOfAnAccountIsKeptInTheTrail(t *testing.T) {
	t.Parallel()
	o := newAuditedOffice(t, &manager.Options{
		ApplyAs: "pbx",
		Taken: func(_ context.Context, name string) (string, error) {
			return map[string]string{"byhand": "manager.conf:12"}[name], nil
		},
	})
	ctx := t.Context()
	for _, name := range []string{"crm", "pbx"} {
		_, err := o.Create(ctx, &manager.User{Name: name, Write: manager.Config | manager.Command | manager.Reporting})
		require.NoError(t, err)
	}
	const short = "hunter2"
	for _, test := range []struct {
		do                  func() error
		action, key, reason string
	}{
		{
			func() error {
				_, err := o.Create(ctx, &manager.User{Name: "new", Secret: store.NewSecret(short)})
				return err
			},
			"create", "new", "invalid: secret (min)",
		},
		{func() error { _, err := o.Create(ctx, &manager.User{Name: "CRM"}); return err }, "create", "CRM", "exists: name"},
		{func() error { _, err := o.Create(ctx, &manager.User{Name: "byhand"}); return err }, "create", "byhand", "exists: name"},
		{func() error { _, err := o.Rotate(ctx, "CRM", store.NewSecret(short)); return err }, "rotate", "crm", "invalid: secret (min)"},
		{func() error { _, err := o.Disable(ctx, "PBX"); return err }, "disable", "pbx", "in_use"},
		{func() error { return o.Delete(ctx, "PBX") }, "delete", "PBX", "in_use"},
		{func() error { return o.Delete(ctx, "nobody") }, "delete", "nobody", "not_found"},
		{func() error { _, err := o.Enable(ctx, "nobody"); return err }, "enable", "nobody", "not_found"},
	} {
		require.Error(t, test.do())
		e := o.entries(t)[0]
		require.Equal(t, []any{test.action, test.key, audit.Refused, test.reason}, []any{e.Action, e.Key, e.Outcome, e.Reason})
		require.Nil(t, e.Before)
	}
	require.Len(t, o.entries(t), 10)
	require.Empty(t, o.problems(t))
}

func TestWhatIsDoneToAnAccountBehindTheServiceIsFound(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for code, harm := range map[string]func(st manager.Store) error{
		audit.CodeRecordDiffers: func(st manager.Store) error {
			return st.UpdateUser(ctx, "crm", func(u *manager.User) error { u.Secret = store.NewSecret("of somebody else"); return nil })
		},
		audit.CodeRecordMissing: func(st manager.Store) error { return st.DeleteUser(ctx, "crm") },
		audit.CodeRecordUnknown: func(st manager.Store) error { return st.CreateUser(ctx, &manager.User{Name: "evil"}) },
	} {
		o := newAuditedOffice(t, nil)
		_, err := o.Create(ctx, &manager.User{Name: "crm"})
		require.NoError(t, err)
		require.NoError(t, harm(o.db.Managers()))
		problems := o.problems(t)
		require.Len(t, problems, 1, code)
		require.Equal(t, code, problems[0].Code)
	}
}

func TestAChangeBehindTheServiceIsFoundAfterTheNextOneThroughIt(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(o *auditedOffice) error{
		"update": func(o *auditedOffice) error { _, err := o.Disable(t.Context(), "crm"); return err },
		"delete": func(o *auditedOffice) error { return o.Delete(t.Context(), "crm") },
	} {
		o := newAuditedOffice(t, nil)
		_, err := o.Create(t.Context(), &manager.User{Name: "crm"})
		require.NoError(t, err)
		require.NoError(t, o.db.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error { u.Write = manager.AllPrivileges; return nil }))
		require.NoError(t, act(o), name)
		problems := o.problems(t)
		require.Len(t, problems, 1, name)
		require.Equal(t, audit.CodeRecordDiffers, problems[0].Code)
		require.Equal(t, int64(2), problems[0].Sequence)
	}
}

// fields returns one account for every field, in which that field is not as
// in a zero one.
func fields(t *testing.T) map[string]*manager.User {
	t.Helper()
	network, err := manager.NetworkFrom(netip.MustParsePrefix("10.0.0.0/8"))
	require.NoError(t, err)
	all := map[string]*manager.User{}
	for field := range reflect.TypeFor[manager.User]().Fields() {
		u := &manager.User{Name: "crm"}
		value := reflect.ValueOf(u).Elem().FieldByName(field.Name)
		switch value.Interface().(type) {
		case string:
			value.SetString("x")
		case bool:
			value.SetBool(true)
		case int:
			value.SetInt(7)
		case store.Secret:
			u.Secret = store.NewSecret("x")
		case []manager.Network:
			value.Set(reflect.ValueOf([]manager.Network{network}))
		case manager.Privileges:
			value.Set(reflect.ValueOf(manager.Call))
		case []manager.EventFilter:
			value.Set(reflect.ValueOf([]manager.EventFilter{{}}))
		default:
			value.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		}
		all[field.Name] = u
	}
	return all
}

func TestTheFingerprintIsOfEveryField(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for field, u := range fields(t) {
		sealed, err := manager.Sealed(u)
		require.NoError(t, err)
		require.Empty(t, seen[string(sealed)], field)
		seen[string(sealed)] = field
	}
	empty, err := manager.Sealed(&manager.User{})
	require.NoError(t, err)
	lists, err := manager.Sealed(&manager.User{Deny: []manager.Network{}, EventFilters: []manager.EventFilter{}})
	require.NoError(t, err)
	require.Equal(t, empty, lists)
	require.Equal(t, "{}", string(empty), "a field that is added later must not change old fingerprints")
}

// unreadable is a store of accounts whose secrets cannot be opened any more.
type unreadable struct {
	manager.Store

	err error
}

func (s unreadable) User(context.Context, string) (*manager.User, error) { return nil, s.err }

func TestAnAccountWhoseSecretIsLostCanBeDeleted(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{store.ErrUnsealable, &store.UnknownKeyError{ID: "lost"}} {
		o := newAuditedOffice(t, nil)
		_, err := o.Create(t.Context(), &manager.User{Name: "crm"})
		require.NoError(t, err)
		broken := manager.New(unreadable{o.db.Managers(), lost}, &manager.Options{Audit: o.trail})
		require.NoError(t, broken.Delete(t.Context(), "crm"))
		e := o.entries(t)[0]
		require.Equal(t, []any{"delete", audit.Done}, []any{e.Action, e.Outcome})
		require.NotNil(t, e.Before)
	}
	o := newAuditedOffice(t, nil)
	failure := errors.New("the disk is gone")
	broken := manager.New(unreadable{o.db.Managers(), failure}, &manager.Options{Audit: o.trail})
	require.ErrorIs(t, broken.Delete(t.Context(), "crm"), failure)
	require.Equal(t, "failed", o.entries(t)[0].Reason)
}

func TestARefusalLeavesTheTransactionOfTheCallerAsItIs(t *testing.T) {
	t.Parallel()
	bare, audited := newOffice(t, nil), newAuditedOffice(t, nil)
	for name, test := range map[string]struct {
		*manager.Service
		st manager.Store
	}{
		"without a trail": {bare.Service, bare.store},
		"with a trail":    {audited.Service, audited.db.Managers()},
	} {
		require.NoError(t, test.st.Atomically(t.Context(), func(ctx context.Context) error {
			_, err := test.Create(ctx, &manager.User{Name: "crm"})
			require.NoError(t, err)
			_, err = test.Create(ctx, &manager.User{Name: "CRM"})
			require.ErrorIs(t, err, store.ErrExists)
			_, err = test.Create(ctx, &manager.User{Name: "new", Secret: store.NewSecret("short")})
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = test.Update(ctx, "nobody", func(*manager.User) error { return nil })
			require.ErrorIs(t, err, store.ErrNotFound)
			mine := errors.New("no change after all")
			_, err = test.Update(ctx, "crm", func(u *manager.User) error { u.Note = "changed"; return mine })
			require.ErrorIs(t, err, mine)
			require.ErrorIs(t, test.Delete(ctx, "nobody"), store.ErrNotFound)
			return nil
		}), name)
		u, err := test.st.User(t.Context(), "crm")
		require.NoError(t, err, name)
		require.Empty(t, u.Note, name)
	}
	require.Len(t, audited.entries(t), 6)
	require.Empty(t, audited.problems(t))
}

func TestWhatCanBeNoNameIsNotKeptInTheTrail(t *testing.T) {
	t.Parallel()
	o := newAuditedOffice(t, nil)
	for _, name := range []string{"my secret pass phrase", "P@ssw0rd!", ""} {
		_, err := o.Create(t.Context(), &manager.User{Name: name})
		require.ErrorIs(t, err, store.ErrInvalid)
		_, err = o.Disable(t.Context(), name)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, o.Delete(t.Context(), name), store.ErrNotFound)
	}
	require.Len(t, o.entries(t), 9)
	for _, e := range o.entries(t) {
		require.Empty(t, e.Key)
	}
}

func TestAListInAnUnknownOrderIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	for _, by := range []string{"secret", "-name", "name; DROP TABLE pbxusers_managers"} {
		_, err := o.List(t.Context(), manager.Query{Order: store.Order{By: by}})
		var invalid *store.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "sort", invalid.Fields[0].Field)
	}
	for _, by := range append(manager.OrderFields(), "") {
		_, err := o.List(t.Context(), manager.Query{Order: store.Order{By: by, Descending: true}})
		require.NoError(t, err)
	}
}

func TestAuthenticKnowsTheSecretOfTheAccountOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret), Disabled: true})
	require.NoError(t, o.store.CreateUser(t.Context(), &manager.User{Name: "bare"}))
	for _, test := range []struct {
		name, secret string
		want         bool
	}{
		{"crm", goodSecret, true},
		{"CRM", goodSecret, true},
		{"crm", goodSecret + "x", false},
		{"crm", strings.ToUpper(goodSecret), false},
		{"crm", "", false},
		{"bare", "", false},
		{"nobody", "", false},
		{"nobody", goodSecret, false},
	} {
		authentic, err := o.Authentic(t.Context(), test.name, store.NewSecret(test.secret))
		require.NoError(t, err)
		require.Equal(t, test.want, authentic, test.name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := o.Authentic(ctx, "crm", store.NewSecret(goodSecret))
	require.ErrorIs(t, err, context.Canceled)
}

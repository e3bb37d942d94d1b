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

// auditedEnv is an env with an audit log.
type auditedEnv struct {
	*manager.Service
	db    *memstore.DB
	audit *audit.Log
}

func newAuditedEnv(t testing.TB, opts *manager.Options) *auditedEnv {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db := memstore.New()
	o := &auditedEnv{db: db, audit: audit.New(db.Audit(), keyring, nil)}
	options := manager.Options{}
	if opts != nil {
		options = *opts
	}
	options.Audit = o.audit
	o.Service = manager.New(db.AMIAccounts(), &options)
	return o
}

// entries returns the audit entries, newest first.
func (o *auditedEnv) entries(t testing.TB) []*audit.Entry {
	t.Helper()
	list, err := o.audit.List(t.Context(), audit.Query{Kind: "AMI account"})
	require.NoError(t, err)
	return list.Items
}

func (o *auditedEnv) findings(t testing.TB) []audit.Finding {
	t.Helper()
	found, err := o.audit.Verify(t.Context(), o.AuditSource())
	require.NoError(t, err)
	return found.Findings
}

func TestAudit_recordsEveryChange(t *testing.T) {
	t.Parallel()
	o := newAuditedEnv(t, nil)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane"})
	_, err := o.Create(ctx, &manager.Account{Name: "Crm", Secret: store.NewSecret(validSecret)})
	require.NoError(t, err)
	_, err = o.Update(ctx, "crm", func(a *manager.Account) error { a.Note = "of the CRM"; return nil })
	require.NoError(t, err)
	_, err = o.Rotate(ctx, "crm", store.Secret{})
	require.NoError(t, err)
	_, err = o.Disable(ctx, "crm")
	require.NoError(t, err)
	_, err = o.Enable(ctx, "crm")
	require.NoError(t, err)
	require.Empty(t, o.findings(t))
	require.NoError(t, o.Delete(ctx, "crm"))

	entries := o.entries(t)
	for i, action := range []string{"delete", "enable", "disable", "rotate", "update", "create"} {
		e := entries[i]
		require.Equal(t, []any{action, "Crm", audit.Succeeded, "", "jane"}, []any{e.Action, e.Key, e.Outcome, e.Reason, e.Actor.Name})
		require.Equal(t, action == "create", e.Before == nil, action)
		require.Equal(t, action == "delete", e.After == nil, action)
		require.Equal(t, action == "delete", e.Fingerprint == nil, action)
		require.NotContains(t, string(e.Before)+string(e.After), validSecret)
		require.NotContains(t, string(e.Before)+string(e.After), "redacted")
	}
	update := entries[4]
	require.Contains(t, string(update.Before), `"note":""`)
	require.Contains(t, string(update.After), `"note":"of the CRM"`)
	require.Empty(t, o.findings(t))
}

func TestAudit_recordsEveryDenial(t *testing.T) {
	t.Parallel()
	o := newAuditedEnv(t, &manager.Options{
		ApplyAccount: "pbx",
		NameInUse: func(_ context.Context, name string) (string, error) {
			return map[string]string{"byhand": "manager.conf:12"}[name], nil
		},
	})
	ctx := t.Context()
	for _, name := range []string{"crm", "pbx"} {
		_, err := o.Create(ctx, &manager.Account{Name: name, Write: manager.Config | manager.Command | manager.Reporting})
		require.NoError(t, err)
	}
	const short = "hunter2"
	for _, test := range []struct {
		do                  func() error
		action, key, reason string
	}{
		{
			func() error {
				_, err := o.Create(ctx, &manager.Account{Name: "new", Secret: store.NewSecret(short)})
				return err
			},
			"create", "new", "invalid: secret (min)",
		},
		{func() error { _, err := o.Create(ctx, &manager.Account{Name: "CRM"}); return err }, "create", "CRM", "already_exists: name"},
		{func() error { _, err := o.Create(ctx, &manager.Account{Name: "byhand"}); return err }, "create", "byhand", "already_exists: name"},
		{func() error { _, err := o.Rotate(ctx, "CRM", store.NewSecret(short)); return err }, "rotate", "crm", "invalid: secret (min)"},
		{func() error { _, err := o.Disable(ctx, "PBX"); return err }, "disable", "pbx", "in_use"},
		{func() error { return o.Delete(ctx, "PBX") }, "delete", "PBX", "in_use"},
		{func() error { return o.Delete(ctx, "nobody") }, "delete", "", "not_found"},
		{func() error { _, err := o.Enable(ctx, "nobody"); return err }, "enable", "", "not_found"},
	} {
		require.Error(t, test.do())
		e := o.entries(t)[0]
		require.Equal(t, []any{test.action, test.key, audit.Denied, test.reason}, []any{e.Action, e.Key, e.Outcome, e.Reason})
		require.Nil(t, e.Before)
	}
	require.Len(t, o.entries(t), 10)
	require.Empty(t, o.findings(t))
}

func TestService_AuditSource_detectsTampering(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for code, harm := range map[string]func(st manager.Store) error{
		audit.CodeRecordModified: func(st manager.Store) error {
			return st.UpdateAccount(ctx, "crm", func(a *manager.Account) error { a.Secret = store.NewSecret("of another account"); return nil })
		},
		audit.CodeRecordMissing:   func(st manager.Store) error { return st.DeleteAccount(ctx, "crm") },
		audit.CodeRecordUntracked: func(st manager.Store) error { return st.CreateAccount(ctx, &manager.Account{Name: "evil"}) },
	} {
		o := newAuditedEnv(t, nil)
		_, err := o.Create(ctx, &manager.Account{Name: "crm"})
		require.NoError(t, err)
		require.NoError(t, harm(o.db.AMIAccounts()))
		problems := o.findings(t)
		require.Len(t, problems, 1, code)
		require.Equal(t, code, problems[0].Code)
	}
}

func TestService_AuditSource_detectsTamperingAfterNextUpdate(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(o *auditedEnv) error{
		"update": func(o *auditedEnv) error { _, err := o.Disable(t.Context(), "crm"); return err },
		"delete": func(o *auditedEnv) error { return o.Delete(t.Context(), "crm") },
	} {
		o := newAuditedEnv(t, nil)
		_, err := o.Create(t.Context(), &manager.Account{Name: "crm"})
		require.NoError(t, err)
		require.NoError(t, o.db.AMIAccounts().UpdateAccount(t.Context(), "crm", func(a *manager.Account) error { a.Write = manager.AllPrivileges; return nil }))
		require.NoError(t, act(o), name)
		problems := o.findings(t)
		require.Len(t, problems, 1, name)
		require.Equal(t, audit.CodeRecordModified, problems[0].Code)
		require.Equal(t, int64(2), problems[0].Sequence)
	}
}

// accountsByField returns one account per field, in which only that field is
// not zero.
func accountsByField(t *testing.T) map[string]*manager.Account {
	t.Helper()
	network, err := manager.NetworkFromPrefix(netip.MustParsePrefix("10.0.0.0/8"))
	require.NoError(t, err)
	all := map[string]*manager.Account{}
	for field := range reflect.TypeFor[manager.Account]().Fields() {
		a := &manager.Account{Name: "crm"}
		value := reflect.ValueOf(a).Elem().FieldByName(field.Name)
		switch value.Interface().(type) {
		case string:
			value.SetString("x")
		case bool:
			value.SetBool(true)
		case int:
			value.SetInt(7)
		case store.Secret:
			a.Secret = store.NewSecret("x")
		case []manager.Network:
			value.Set(reflect.ValueOf([]manager.Network{network}))
		case manager.Privileges:
			value.Set(reflect.ValueOf(manager.Call))
		case []manager.EventFilter:
			value.Set(reflect.ValueOf([]manager.EventFilter{{}}))
		default:
			value.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		}
		all[field.Name] = a
	}
	return all
}

func TestAuditState_coversEveryField(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for field, a := range accountsByField(t) {
		sealed, err := manager.AuditState(a)
		require.NoError(t, err)
		require.Empty(t, seen[string(sealed)], field)
		seen[string(sealed)] = field
	}
	empty, err := manager.AuditState(&manager.Account{})
	require.NoError(t, err)
	lists, err := manager.AuditState(&manager.Account{Deny: []manager.Network{}, EventFilters: []manager.EventFilter{}})
	require.NoError(t, err)
	require.Equal(t, empty, lists)
	require.Equal(t, "{}", string(empty), "a new field must not change old hashes")
}

// failingStore is a store whose secrets cannot be decrypted.
type failingStore struct {
	manager.Store

	err error
}

func (s failingStore) Account(context.Context, string) (*manager.Account, error) { return nil, s.err }

func TestService_Delete_allowsUndecryptableSecret(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{store.ErrDecrypt, &store.UnknownKeyError{ID: "lost"}} {
		o := newAuditedEnv(t, nil)
		_, err := o.Create(t.Context(), &manager.Account{Name: "crm"})
		require.NoError(t, err)
		broken := manager.New(failingStore{o.db.AMIAccounts(), lost}, &manager.Options{Audit: o.audit})
		require.NoError(t, broken.Delete(t.Context(), "crm"))
		e := o.entries(t)[0]
		require.Equal(t, []any{"delete", audit.Succeeded}, []any{e.Action, e.Outcome})
		require.NotNil(t, e.Before)
	}
	o := newAuditedEnv(t, nil)
	failure := errors.New("the disk is gone")
	broken := manager.New(failingStore{o.db.AMIAccounts(), failure}, &manager.Options{Audit: o.audit})
	require.ErrorIs(t, broken.Delete(t.Context(), "crm"), failure)
	require.Equal(t, "failed", o.entries(t)[0].Reason)
}

func TestService_Create_errorKeepsCallerTransaction(t *testing.T) {
	t.Parallel()
	bare, audited := newEnv(t, nil), newAuditedEnv(t, nil)
	for name, test := range map[string]struct {
		*manager.Service
		st manager.Store
	}{
		"without an audit log": {bare.Service, bare.store},
		"with an audit log":    {audited.Service, audited.db.AMIAccounts()},
	} {
		require.NoError(t, test.st.RunInTx(t.Context(), func(ctx context.Context) error {
			_, err := test.Create(ctx, &manager.Account{Name: "crm"})
			require.NoError(t, err)
			_, err = test.Create(ctx, &manager.Account{Name: "CRM"})
			require.ErrorIs(t, err, store.ErrAlreadyExists)
			_, err = test.Create(ctx, &manager.Account{Name: "new", Secret: store.NewSecret("short")})
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = test.Update(ctx, "nobody", func(*manager.Account) error { return nil })
			require.ErrorIs(t, err, store.ErrNotFound)
			mine := errors.New("no change after all")
			_, err = test.Update(ctx, "crm", func(a *manager.Account) error { a.Note = "changed"; return mine })
			require.ErrorIs(t, err, mine)
			require.ErrorIs(t, test.Delete(ctx, "nobody"), store.ErrNotFound)
			return nil
		}), name)
		a, err := test.st.Account(t.Context(), "crm")
		require.NoError(t, err, name)
		require.Empty(t, a.Note, name)
	}
	require.Len(t, audited.entries(t), 6)
	require.Empty(t, audited.findings(t))
}

func TestAudit_omitsInvalidName(t *testing.T) {
	t.Parallel()
	o := newAuditedEnv(t, nil)
	for _, name := range []string{"my secret pass phrase", "P@ssw0rd!", ""} {
		_, err := o.Create(t.Context(), &manager.Account{Name: name})
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

func TestService_List_rejectsUnknownSortField(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	for _, by := range []string{"secret", "-name", "name; DROP TABLE pbxusers_ami_accounts"} {
		_, err := o.List(t.Context(), manager.Query{Sort: store.Sort{By: by}})
		var invalid *store.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "sort", invalid.Fields[0].Field)
	}
	for _, by := range append(manager.SortFields(), "") {
		_, err := o.List(t.Context(), manager.Query{Sort: store.Sort{By: by, Descending: true}})
		require.NoError(t, err)
	}
}

func TestService_VerifySecret_matchesOwnSecretOnly(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret), Disabled: true})
	require.NoError(t, o.store.CreateAccount(t.Context(), &manager.Account{Name: "bare"}))
	for _, test := range []struct {
		name, secret string
		want         bool
	}{
		{"crm", validSecret, true},
		{"CRM", validSecret, true},
		{"crm", validSecret + "x", false},
		{"crm", strings.ToUpper(validSecret), false},
		{"crm", "", false},
		{"bare", "", false},
		{"nobody", "", false},
		{"nobody", validSecret, false},
	} {
		authentic, err := o.VerifySecret(t.Context(), test.name, store.NewSecret(test.secret))
		require.NoError(t, err)
		require.Equal(t, test.want, authentic, test.name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := o.VerifySecret(ctx, "crm", store.NewSecret(validSecret))
	require.ErrorIs(t, err, context.Canceled)
}

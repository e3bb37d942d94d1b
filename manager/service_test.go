package manager_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

const validSecret = "a secret of 24 characters"

// env is a service with an empty store and a clock that advances by a second
// per call.
type env struct {
	*manager.Service
	store manager.Store
	now   time.Time
	log   *bytes.Buffer
}

func newEnv(t testing.TB, opts *manager.Options) *env {
	t.Helper()
	o := &env{store: memstore.New().AMIAccounts(), now: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("", 3600)), log: &bytes.Buffer{}}
	options := manager.Options{}
	if opts != nil {
		options = *opts
	}
	options.Clock = func() time.Time {
		o.now = o.now.Add(time.Second)
		return o.now
	}
	options.Logger = slog.New(slog.NewJSONHandler(o.log, nil))
	o.Service = manager.New(o.store, &options)
	return o
}

// mustCreate creates an account that must be accepted.
func (o *env) mustCreate(t testing.TB, a *manager.Account) *manager.Account {
	t.Helper()
	created, err := o.Create(t.Context(), a)
	require.NoError(t, err)
	return created
}

// storedAccount returns the account from the store, with its secret.
func (o *env) storedAccount(t testing.TB, name string) *manager.Account {
	t.Helper()
	a, err := o.store.Account(t.Context(), name)
	require.NoError(t, err)
	return a
}

// requireFieldError requires exactly one field error, in an error that does not
// repeat the input.
func requireFieldError(t testing.TB, err error, field, code string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrInvalid)
	invalidErr := (*store.InvalidError)(nil)
	require.ErrorAs(t, err, &invalidErr)
	require.Len(t, invalidErr.Fields, 1, "%v", err)
	require.Equal(t, field+" "+code, invalidErr.Fields[0].Field+" "+invalidErr.Fields[0].Code)
	require.NotEmpty(t, invalidErr.Fields[0].Message)
}

func TestService_Create_generatesAlphanumericSecret(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	seen := make(map[string]bool)
	for i := range 50 {
		secret := o.mustCreate(t, &manager.Account{Name: fmt.Sprint("u", i)}).Secret
		require.Regexp(t, "^[0-9A-Za-z]{32}$", secret.Reveal())
		require.False(t, seen[secret.Reveal()], "duplicate secret")
		require.True(t, secret.Equal(o.storedAccount(t, fmt.Sprint("u", i)).Secret))
		seen[secret.Reveal()] = true
	}
}

func TestService_Create_setsMethodOfFilter(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	created := o.mustCreate(t, &manager.Account{
		Name: "Crm", Secret: store.NewSecret(validSecret), EventFilters: []manager.EventFilter{{Action: manager.Include, Event: "Hangup"}},
	})
	require.Equal(t, manager.MatchNone, created.EventFilters[0].Method)
}

func TestService_Create_setsDefaults(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	given := &manager.Account{
		Name: "Crm", Secret: store.NewSecret(validSecret),
		CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(2, 0), SecretChangedAt: time.Unix(3, 0),
	}
	created := o.mustCreate(t, given)
	at := time.Date(2026, 3, 1, 11, 0, 1, 123_456_000, time.UTC)
	require.Equal(t, &manager.Account{
		Name: "Crm", Secret: store.NewSecret(validSecret),
		Deny: []manager.Network{}, Permit: []manager.Network{}, EventFilters: []manager.EventFilter{}, WriteTimeout: 100,
		CreatedAt: at, UpdatedAt: at, SecretChangedAt: at,
	}, created)
	require.Nil(t, given.Deny, "the account of the caller must not change")

	got, err := o.Get(t.Context(), "CRM")
	require.NoError(t, err)
	created.Secret = store.Secret{}
	require.Equal(t, created, got, "Get omits the secret only")
	_, err = o.Get(t.Context(), "crm2")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Create_rejectsInvalidFields(t *testing.T) {
	t.Parallel()
	many := func(n int) []manager.Network { return append([]manager.Network(nil), make([]manager.Network, n)...) }
	someFilter := include("Hangup", "", manager.MatchNone, "")
	for _, test := range []struct {
		field, code string
		spoil       func(a *manager.Account)
	}{
		{"name", "required", func(a *manager.Account) { a.Name = "" }},
		{"name", "ami_name", func(a *manager.Account) { a.Name = "General" }},
		{"name", "ami_name", func(a *manager.Account) { a.Name = ".hidden" }},
		{"name", "ami_name", func(a *manager.Account) { a.Name = "größe" }},
		{"name", "ami_name", func(a *manager.Account) { a.Name = strings.Repeat("n", 80) }},
		{"secret", "min", func(a *manager.Account) { a.Secret = store.NewSecret("11 are few.") }},
		{"secret", "max", func(a *manager.Account) { a.Secret = store.NewSecret(strings.Repeat("s", 201)) }},
		{"named_acl", "acl_name", func(a *manager.Account) { a.NamedACL = "a b" }},
		{"note", "max", func(a *manager.Account) { a.Note = strings.Repeat("注", 1001) }},
		{"owner", "max", func(a *manager.Account) { a.Owner = strings.Repeat("o", 201) }},
		{"write_timeout", "min", func(a *manager.Account) { a.WriteTimeout = 99 }},
		{"write_timeout", "min", func(a *manager.Account) { a.WriteTimeout = -1 }},
		{"write_timeout", "max", func(a *manager.Account) { a.WriteTimeout = 600_001 }},
		{"deny[0]", "network", func(a *manager.Account) { a.Deny = many(1) }},
		{"permit[1]", "network", func(a *manager.Account) { a.Permit = append(mustNetworks(t, "10.0.0.0/8"), many(1)...) }},
		{"read", "privilege", func(a *manager.Account) { a.Read = manager.AllPrivileges + 1 }},
		{"write", "privilege", func(a *manager.Account) { a.Write = 1 << 31 }},
		{"event_filters[0].action", "oneof", func(a *manager.Account) { a.EventFilters[0].Action = "" }},
		{"event_filters[0].event", "word", func(a *manager.Account) { a.EventFilters[0].Event = "New channel" }},
		{"event_filters[0].header", "word", func(a *manager.Account) { a.EventFilters[0].Header = "Channel:" }},
		{"event_filters[0].method", "oneof", func(a *manager.Account) { a.EventFilters[0].Method = "like" }},
		{"event_filters[0].event", "required", func(a *manager.Account) { a.EventFilters[0].Event = "" }},
		{"event_filters[0].match", "unexpected", func(a *manager.Account) { a.EventFilters[0].Match = "x" }},
		{"event_filters[0].match", "required", func(a *manager.Account) { a.EventFilters[0].Method = manager.MatchExact }},
		{"event_filters[1].match", "exclamation", func(a *manager.Account) {
			a.EventFilters = append(a.EventFilters, include("", "", manager.MatchContains, "!x"))
		}},
		{"event_filters[0].match", "max", func(a *manager.Account) {
			a.EventFilters[0] = include("", "", manager.MatchContains, strings.Repeat("m", 501))
		}},
		{"event_filters[0].match", "regex", func(a *manager.Account) { a.EventFilters[0] = include("", "", manager.MatchRegex, "(") }},
		{"event_filters", "max", func(a *manager.Account) {
			for len(a.EventFilters) <= manager.MaxEventFilters {
				a.EventFilters = append(a.EventFilters, someFilter)
			}
		}},
		{"permit", "max", func(a *manager.Account) {
			for len(a.Permit) <= manager.MaxNetworks {
				a.Permit = append(a.Permit, mustNetwork(t, "10.0.0.0/8"))
			}
		}},
	} {
		t.Run(test.field+" "+test.code, func(t *testing.T) {
			t.Parallel()
			o := newEnv(t, nil)
			a := &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret), EventFilters: []manager.EventFilter{someFilter}}
			test.spoil(a)
			_, err := o.Create(t.Context(), a)
			requireFieldError(t, err, test.field, test.code)
			list, err := o.List(t.Context(), manager.Query{})
			require.NoError(t, err)
			require.Empty(t, list.Items)
			require.Empty(t, o.log.String())
		})
	}
}

func TestService_Create_reportsAllInvalidFields(t *testing.T) {
	t.Parallel()
	_, err := newEnv(t, nil).Create(t.Context(), &manager.Account{
		Secret: store.NewSecret("short"), WriteTimeout: 1, Deny: make([]manager.Network, 1), Read: 1 << 20,
	})
	invalid := (*store.InvalidError)(nil)
	require.ErrorAs(t, err, &invalid)
	var fields []string
	for _, f := range invalid.Fields {
		fields = append(fields, f.Field)
	}
	require.ElementsMatch(t, []string{"name", "secret", "write_timeout", "deny[0]", "read"}, fields)
}

func TestService_Create_namesAreUniqueIgnoringCase(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "Crm"})
	_, err := o.Create(t.Context(), &manager.Account{Name: "cRM"})
	exists := (*store.AlreadyExistsError)(nil)
	require.ErrorAs(t, err, &exists)
	require.Equal(t, "name", exists.Field)
	require.Empty(t, exists.Location)
	require.Equal(t, "Crm", o.storedAccount(t, "crm").Name)
}

func TestService_Create_rejectsNameInConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manager.conf":                    "[general]\nenabled = yes\n[base](!)\nread = call\n#include \"manager.d/*.conf\"\n[Admin](base)\nsecret = x\n",
		"manager.d/crm.conf":              "; manual\n[OldCrm]\nsecret = x\n",
		"manager.d/" + manager.FileName:   "[ours]\nsecret = x\n",
		"manager.d/other.txt":             "[unread]\nsecret = x\n",
		"manager.d/x" + manager.FileName:  "[alike]\nsecret = x\n",
		"manager.d/deep/never-there.conf": "[deep]\nsecret = x\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	o := newEnv(t, &manager.Options{NameInUse: manager.NameInConfig(dir)})
	for name, where := range map[string]string{
		"admin": "manager.conf:6", "OLDCRM": "manager.d/crm.conf:2", "base": "manager.conf:3", "alike": "manager.d/x" + manager.FileName + ":1",
		"ours": "", "unread": "", "deep": "", "new": "",
	} {
		_, err := o.Create(t.Context(), &manager.Account{Name: name})
		if where == "" {
			require.NoError(t, err, name)
			continue
		}
		exists := (*store.AlreadyExistsError)(nil)
		require.ErrorAs(t, err, &exists, name)
		require.Equal(t, where, exists.Location)
		require.EqualError(t, err, "name: another AMI account already has this name ("+where+"); choose a different one")
	}
	list, err := o.List(t.Context(), manager.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 4)
}

func TestService_Create_failsWhenConfigIsUnreadable(t *testing.T) {
	t.Parallel()
	o := newEnv(t, &manager.Options{NameInUse: manager.NameInConfig(filepath.Join(t.TempDir(), "missing"))})
	_, err := o.Create(t.Context(), &manager.Account{Name: "crm"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "the configuration folder of Asterisk cannot be read")
	_, err = o.Get(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Create_failsWithoutRandomness(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	for name, random := range map[string]io.Reader{"at once": iotest.ErrReader(broken), "midway": io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(broken))} {
		o := newEnv(t, &manager.Options{Random: random})
		_, err := o.Create(t.Context(), &manager.Account{Name: "crm"})
		require.ErrorIs(t, err, broken, name)
		o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
		_, err = o.Rotate(t.Context(), "crm", store.Secret{})
		require.ErrorIs(t, err, broken, name)
		require.Equal(t, validSecret, o.storedAccount(t, "crm").Secret.Reveal())
	}
}

func TestService_logsChangesWithoutSecrets(t *testing.T) {
	t.Parallel()
	o := newEnv(t, nil)
	secrets := []string{validSecret, o.mustCreate(t, &manager.Account{Name: "generated"}).Secret.Reveal()}
	o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
	rotated, err := o.Rotate(t.Context(), "crm", store.Secret{})
	require.NoError(t, err)
	secrets = append(secrets, rotated.Secret.Reveal())
	_, err = o.Disable(t.Context(), "crm")
	require.NoError(t, err)
	require.NoError(t, o.Delete(t.Context(), "crm"))
	log := o.log.String()
	for _, message := range []string{"AMI account created", "AMI account updated", "AMI account deleted"} {
		require.Contains(t, log, message)
	}
	for _, secret := range secrets {
		require.NotContains(t, log, secret)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", rotated, *rotated, rotated), secret)
	}
}

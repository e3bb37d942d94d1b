package extension_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// fixture is a service with a clock that advances by a second with each use, and its
// audit log.
type fixture struct {
	*extension.Service
	db  *memstore.DB
	log *audit.Log
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db, now := memstore.New(), time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	log := audit.New(db.Audit(), keyring, nil)
	service := extension.New(db.Extensions(""), &extension.Options{Audit: log, Clock: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	return &fixture{service, db, log}
}

// create creates an extension with a name.
func (f *fixture) create(t *testing.T, number string) *extension.Extension {
	t.Helper()
	created, err := f.Create(t.Context(), &extension.Extension{Number: number, Name: "Name of " + number})
	require.NoError(t, err)
	return created
}

// requireFieldErrors requires an invalid error with these fields and codes, such as
// "name: max".
func requireFieldErrors(t *testing.T, err error, want ...string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	got := []string{}
	for _, e := range invalid.Fields {
		got = append(got, e.Field+": "+e.Code)
	}
	require.Equal(t, want, got)
}

func TestService_Create_generatesDeviceWithSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	created := f.create(t, "6001")
	require.Equal(t, extension.TypeDeskPhone, created.Type)
	require.Equal(t, extension.DefaultCodecs(), created.Codecs)
	require.Len(t, created.Devices, 1)
	require.Equal(t, 1, created.Devices[0].Ordinal)
	require.Regexp(t, "^[A-Za-z0-9]{24}$", created.Devices[0].Secret.Reveal())

	got, err := f.Get(t.Context(), "6001")
	require.NoError(t, err)
	require.True(t, got.Devices[0].Secret.IsZero(), "only Create returns the secret")
	text, err := json.Marshal(created)
	require.NoError(t, err)
	require.NotContains(t, string(text), created.Devices[0].Secret.Reveal())
	secret, err := f.DeviceSecret(t.Context(), "6001", 1)
	require.NoError(t, err)
	require.Equal(t, created.Devices[0].Secret, secret)
}

func TestService_Create_givesVirtualExtensionNoDevice(t *testing.T) {
	t.Parallel()
	created, err := newFixture(t).Create(t.Context(), &extension.Extension{
		Number: "6009", Type: extension.TypeVirtual, Devices: []extension.Device{{Ordinal: 5, Secret: store.NewSecret("given")}},
	})
	require.NoError(t, err)
	require.Empty(t, created.Devices)
	require.NotNil(t, created.Devices, "JSON shows an empty list, not null")
}

func TestService_Create_rejectsInvalidFields(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, test := range map[string]struct {
		extension extension.Extension
		want      []string
	}{
		"without number": {extension.Extension{}, []string{"number: required"}},
		"letters":        {extension.Extension{Number: "60a1"}, []string{"number: extension"}},
		"21 digits":      {extension.Extension{Number: strings.Repeat("1", 21)}, []string{"number: extension"}},
		"dialplan": {
			extension.Extension{Number: "_X.", Name: `"A" <1>`, Type: "fax", Codecs: []string{"g722", "mp3"}, Transport: "a,b"},
			[]string{"number: extension", "name: caller_name", "type: oneof", "codecs[1]: oneof", "transport: transport"},
		},
		"long name": {extension.Extension{Number: "6001", Name: strings.Repeat("明", 51)}, []string{"name: max"}},
		"line":      {extension.Extension{Number: "6001", Name: "Alice\n[6002]"}, []string{"name: caller_name"}},
	} {
		_, err := f.Create(t.Context(), &test.extension)
		require.Error(t, err, name)
		requireFieldErrors(t, err, test.want...)
	}
	list, err := f.List(t.Context(), extension.Query{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func TestService_Create_acceptsNamesOf50Characters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, name := range []string{strings.Repeat("明", 49), strings.Repeat("明", 50), strings.Repeat("x", 50), "  O'Neil, [Bob] & ${HOME}; 😀 "} {
		created, err := f.Create(t.Context(), &extension.Extension{Number: strconv.Itoa(6001 + i), Name: name})
		require.NoError(t, err, name)
		require.Equal(t, strings.TrimSpace(name), created.Name)
	}
}

func TestService_Create_keepsOrderOfCodecs(t *testing.T) {
	t.Parallel()
	created, err := newFixture(t).Create(t.Context(), &extension.Extension{Number: "6001", Codecs: []string{"ulaw", " alaw ", "ulaw"}})
	require.NoError(t, err)
	require.Equal(t, []string{"ulaw", "alaw"}, created.Codecs)
}

func TestService_Create_rejectsTakenNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.create(t, "6001")
	_, err := f.Create(t.Context(), &extension.Extension{Number: "6001"})
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	secret, err := f.DeviceSecret(t.Context(), "6001", 1)
	require.NoError(t, err)
	require.Equal(t, first.Devices[0].Secret, secret)
}

func TestService_Update_keepsSecretsAndDevices(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	created := f.create(t, "6001")
	updated, err := f.Update(t.Context(), "6001", func(e *extension.Extension) error {
		require.True(t, e.Devices[0].Secret.IsZero())
		e.Name, e.CreatedAt, e.LastOrdinal = "Renamed", time.Time{}, 0
		e.Devices = []extension.Device{{Ordinal: 1, Label: "Hall", Secret: store.NewSecret("other")}, {Ordinal: 7}}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, "Renamed", updated.Name)
	require.Len(t, updated.Devices, 1)
	require.Equal(t, "Hall", updated.Devices[0].Label)
	require.Equal(t, created.CreatedAt, updated.CreatedAt)
	require.True(t, updated.UpdatedAt.After(created.UpdatedAt))
	secret, err := f.DeviceSecret(t.Context(), "6001", 1)
	require.NoError(t, err)
	require.Equal(t, created.Devices[0].Secret, secret)
}

func TestService_Update_rejectsChangeOfNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	_, err := f.Update(t.Context(), "6001", func(e *extension.Extension) error {
		e.Number, e.Name = "6002", "<b>"
		return nil
	})
	requireFieldErrors(t, err, "number: immutable", "name: caller_name")
	_, err = f.Get(t.Context(), "6002")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Update_changesDevicesWithType(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.create(t, "6001")
	setType := func(to string) *extension.Extension {
		updated, err := f.Update(t.Context(), "6001", func(e *extension.Extension) error {
			e.Type = to
			return nil
		})
		require.NoError(t, err)
		return updated
	}
	require.Empty(t, setType(extension.TypeVirtual).Devices)
	_, err := f.AddDevice(t.Context(), "6001", "")
	require.ErrorIs(t, err, store.ErrConflict)
	devices := setType(extension.TypeSoftphone).Devices
	require.Len(t, devices, 1)
	require.Equal(t, 2, devices[0].Ordinal, "an ordinal is never used again")
	secret, err := f.DeviceSecret(t.Context(), "6001", 2)
	require.NoError(t, err)
	require.NotEqual(t, first.Devices[0].Secret, secret)
}

func TestService_AddDevice_neverReusesOrdinals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	second, err := f.AddDevice(t.Context(), "6001", "Home")
	require.NoError(t, err)
	require.Equal(t, 2, second.Ordinal)
	require.False(t, second.Secret.IsZero())
	require.NoError(t, f.RemoveDevice(t.Context(), "6001", 2))
	third, err := f.AddDevice(t.Context(), "6001", "")
	require.NoError(t, err)
	require.Equal(t, 3, third.Ordinal)
	for range extension.MaxDevices - 2 {
		_, err := f.AddDevice(t.Context(), "6001", "")
		require.NoError(t, err)
	}
	_, err = f.AddDevice(t.Context(), "6001", "")
	requireFieldErrors(t, err, "devices: max")
	_, err = f.AddDevice(t.Context(), "6002", "")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_AddDevice_rejectsInvalidLabel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	_, err := f.AddDevice(t.Context(), "6001", strings.Repeat("x", 51))
	requireFieldErrors(t, err, "devices[1].label: max")
}

func TestService_RemoveDevice_keepsLastDevice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	require.ErrorIs(t, f.RemoveDevice(t.Context(), "6001", 1), store.ErrConflict)
	require.ErrorIs(t, f.RemoveDevice(t.Context(), "6001", 2), store.ErrNotFound)
	_, err := f.AddDevice(t.Context(), "6001", "")
	require.NoError(t, err)
	require.NoError(t, f.RemoveDevice(t.Context(), "6001", 1))
	got, err := f.Get(t.Context(), "6001")
	require.NoError(t, err)
	require.Len(t, got.Devices, 1)
	require.Equal(t, 2, got.Devices[0].Ordinal)
}

func TestService_RotateDevice_changesOneSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.create(t, "6001").Devices[0]
	second, err := f.AddDevice(t.Context(), "6001", "")
	require.NoError(t, err)
	rotated, err := f.RotateDevice(t.Context(), "6001", 2)
	require.NoError(t, err)
	require.NotEqual(t, second.Secret, rotated.Secret)
	require.True(t, rotated.SecretChangedAt.After(second.SecretChangedAt))
	for ordinal, want := range map[int]store.Secret{1: first.Secret, 2: rotated.Secret} {
		got, err := f.DeviceSecret(t.Context(), "6001", ordinal)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err = f.RotateDevice(t.Context(), "6001", 3)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Delete_leavesNoSecretForNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.create(t, "6001").Devices[0].Secret
	require.NoError(t, f.Delete(t.Context(), "6001"))
	require.ErrorIs(t, f.Delete(t.Context(), "6001"), store.ErrNotFound)
	require.NotEqual(t, before, f.create(t, "6001").Devices[0].Secret)
}

func TestService_List_sortsByNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, number := range []string{"1000", "99", "100"} {
		f.create(t, number)
	}
	list, err := f.List(t.Context(), extension.Query{Search: "NAME of", PageRequest: store.PageRequest{Count: true}})
	require.NoError(t, err)
	require.Equal(t, 3, list.Total)
	require.Equal(t, "99", list.Items[0].Number)
	require.True(t, list.Items[0].Devices[0].Secret.IsZero())
	_, err = f.List(t.Context(), extension.Query{Sort: store.Sort{By: "secret"}})
	requireFieldErrors(t, err, "sort: oneof")
}

func TestService_Scoped_forbidsOtherExtensions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	f.create(t, "7001")
	reach, err := scope.ParseRanges("6000-6999")
	require.NoError(t, err)
	limited := f.Scoped(func(context.Context) (scope.Scope, error) { return scope.Limited(reach, scope.Ranges{}), nil })
	ctx := t.Context()
	for name, call := range map[string]func(number string) error{
		"Get":          func(n string) error { _, err := limited.Get(ctx, n); return err },
		"DeviceSecret": func(n string) error { _, err := limited.DeviceSecret(ctx, n, 1); return err },
		"Update": func(n string) error {
			_, err := limited.Update(ctx, n, func(*extension.Extension) error { return nil })
			return err
		},
		"AddDevice":    func(n string) error { _, err := limited.AddDevice(ctx, n, ""); return err },
		"RotateDevice": func(n string) error { _, err := limited.RotateDevice(ctx, n, 1); return err },
		"RemoveDevice": func(n string) error { return limited.RemoveDevice(ctx, n, 1) },
	} {
		if name != "RemoveDevice" {
			require.NoError(t, call("6001"), name)
		}
		require.ErrorIs(t, call("7001"), store.ErrForbidden, name)
		require.ErrorIs(t, call("7002"), store.ErrForbidden, "%s of a missing extension", name)
	}
	require.NoError(t, limited.RemoveDevice(ctx, "6001", 2))
	_, err = limited.Create(ctx, &extension.Extension{Number: "6002"})
	require.NoError(t, err)
	_, err = limited.Create(ctx, &extension.Extension{Number: "7002"})
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, limited.Delete(ctx, "7001"), store.ErrForbidden)
	list, err := limited.List(ctx, extension.Query{})
	require.NoError(t, err)
	for _, e := range list.Items {
		require.Equal(t, "6", e.Number[:1])
	}
	require.Len(t, list.Items, 2)
}

func TestService_recordsChangesWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	secret := f.create(t, "6001").Devices[0].Secret
	second, err := f.AddDevice(t.Context(), "6001", "Home")
	require.NoError(t, err)
	require.NoError(t, f.RemoveDevice(t.Context(), "6001", 1))
	require.NoError(t, f.Delete(t.Context(), "6001"))
	_, err = f.Create(t.Context(), &extension.Extension{Number: secret.Reveal()})
	require.Error(t, err)
	list, err := f.log.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	actions := []string{}
	for _, entry := range list.Items {
		actions = append(actions, fmt.Sprint(entry.Action, " ", entry.Kind, " ", entry.Key, " ", entry.Extensions, " ", entry.Outcome))
		text, err := json.Marshal(entry)
		require.NoError(t, err)
		require.NotContains(t, string(text), secret.Reveal())
		require.NotContains(t, string(text), second.Secret.Reveal())
	}
	require.ElementsMatch(t, []string{
		"create extension 6001 [6001] succeeded", "add_device extension 6001 [6001] succeeded", "remove_device extension 6001 [6001] succeeded",
		"delete extension 6001 [6001] succeeded", "create extension  [] denied",
	}, actions)
	result, err := f.log.Verify(t.Context(), f.AuditSource())
	require.NoError(t, err)
	require.Empty(t, result.Findings)
}

func TestService_AuditSource_findsChangedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "6001")
	require.NoError(t, f.db.Extensions("").UpdateExtension(t.Context(), "6001", func(e *extension.Extension) error {
		e.Devices[0].Secret = store.NewSecret("known to an attacker")
		return nil
	}))
	result, err := f.log.Verify(t.Context(), f.AuditSource())
	require.NoError(t, err)
	require.Len(t, result.Findings, 1)
}

func TestSortNumber_sortsLikeNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.Uint64().Draw(rt, "a")
		b := rapid.Uint64().Draw(rt, "b")
		require.Equal(rt, a < b, extension.SortNumber(strconv.FormatUint(a, 10)) < extension.SortNumber(strconv.FormatUint(b, 10)))
	})
}

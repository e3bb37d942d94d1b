package storetest

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func roundTripRules() []rule {
	return []rule{
		{"every_field_stored", everyFieldStored},
		{"empty_fields_stored", emptyFieldsStored},
		{"hostile_values_stored", hostileValuesStored},
		{"times_stored", timesStored},
	}
}

// requireSameAccount compares every field. Empty and missing lists are the same.
func requireSameAccount(t require.TestingT, want, got *manager.Account) {
	require.Equal(t, want.Clone(), got.Clone())
	require.Equal(t, want.Secret.Reveal(), got.Secret.Reveal())
}

func everyFieldStored(t *testing.T, b Backend) {
	want := hostileAccount("crm")
	require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), want))
	requireAccountEverywhere(t, t, b, want)
}

// requireAccountEverywhere reads want, the only account, with every method.
func requireAccountEverywhere(t *testing.T, rt require.TestingT, b Backend, want *manager.Account) {
	u, err := b.AMIAccounts().Account(t.Context(), want.Name)
	require.NoError(rt, err)
	requireSameAccount(rt, want, u)
	list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
	require.NoError(rt, err)
	require.Len(rt, list.Items, 1)
	requireSameAccount(rt, want, list.Items[0])
	visited := 0
	require.NoError(rt, b.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		visited++
		requireSameAccount(rt, want, u)
		return nil
	}))
	require.Equal(rt, 1, visited)
}

func emptyFieldsStored(t *testing.T, b Backend) {
	want := &manager.Account{Name: "crm"}
	require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), want))
	requireAccountEverywhere(t, t, b, want)
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	require.True(t, u.Secret.IsZero())
	require.True(t, u.CreatedAt.IsZero())
}

func timesStored(t *testing.T, b Backend) {
	precise := time.Date(2026, 11, 22, 9, 30, 0, 123_456_789, time.FixedZone("CET", 3600))
	u := newAccount("crm")
	u.CreatedAt, u.UpdatedAt, u.SecretChangedAt = precise, time.Now(), time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), u))
	want := u.Clone()
	want.CreatedAt = time.Date(2026, 11, 22, 8, 30, 0, 123_456_000, time.UTC)
	want.UpdatedAt = u.UpdatedAt.UTC().Truncate(time.Microsecond)
	want.SecretChangedAt = time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	requireAccountEverywhere(t, t, b, want)
}

// hostileValuesStored also writes values that the services would reject: a backend
// validates nothing. Only values that some databases cannot store are left out:
// texts are valid UTF-8 without NUL.
func hostileValuesStored(t *testing.T, b Backend) {
	rapid.Check(t, func(rt *rapid.T) {
		first, second := drawAccount(rt), drawAccount(rt)
		second.Name = first.Name
		require.NoError(rt, b.AMIAccounts().CreateAccount(t.Context(), first))
		require.NoError(rt, b.AMIAccounts().UpdateAccount(t.Context(), first.Name, func(u *manager.Account) error {
			requireSameAccount(rt, first, u)
			*u = *second
			return nil
		}))
		requireAccountEverywhere(t, rt, b, second)
		require.NoError(rt, b.AMIAccounts().DeleteAccount(t.Context(), first.Name))
	})
}

func hostileTexts() []string {
	return []string{
		"", " ", "'", `"`, "`", `\`, `\'`, "%", "_", "\n", "\r\n", "\t", ";", "--", "/*", "NULL", "null", "[]", "{}", "0", "?", "$1", ":name", "@x",
		"'; DROP TABLE pbxusers_ami_accounts; --", "\x01\x1b[31m\x7f", "\ufeffbom", "\ufffd", "\U0010ffff", "e\u0301é", "\u202eevil", "😀", "北京",
		strings.Repeat("ä", 4096),
	}
}

func drawAccount(t *rapid.T) *manager.Account {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	networks := rapid.SliceOfN(rapid.Custom(drawNetwork), 0, 4)
	return &manager.Account{
		Name:               rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,78}`), rapid.Map(text, func(s string) string { return "x" + s })).Draw(t, "name"),
		Secret:             store.NewSecret(string(rapid.SliceOf(rapid.Byte()).Draw(t, "secret"))),
		Deny:               networks.Draw(t, "deny"),
		Permit:             networks.Draw(t, "permit"),
		NamedACL:           text.Draw(t, "named_acl"),
		Read:               manager.Privileges(rapid.Uint32Max(uint32(manager.AllPrivileges)).Draw(t, "read")),
		Write:              manager.Privileges(rapid.Uint32Max(uint32(manager.AllPrivileges)).Draw(t, "write")),
		EventFilters:       drawFilters(t, text),
		DisplayConnects:    rapid.Bool().Draw(t, "display_connects"),
		AllowMultipleLogin: rapid.Bool().Draw(t, "allow_multiple_login"),
		WriteTimeout:       int(rapid.Int32().Draw(t, "write_timeout")),
		Disabled:           rapid.Bool().Draw(t, "disabled"),
		Note:               text.Draw(t, "note"),
		Owner:              text.Draw(t, "owner"),
		CreatedAt:          drawTime(t),
		UpdatedAt:          drawTime(t),
		SecretChangedAt:    drawTime(t),
	}
}

func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

func drawTime(t *rapid.T) time.Time {
	const year9999 = 253402300799999999
	return time.UnixMicro(rapid.Int64Range(-year9999/5, year9999).Draw(t, "time")).UTC()
}

func drawNetwork(t *rapid.T) manager.Network {
	var addr netip.Addr
	bits := 32
	if rapid.Bool().Draw(t, "ipv6") {
		bits = 128
		var bytes [16]byte
		binary.BigEndian.PutUint64(bytes[:], rapid.Uint64Range(1, 1<<64-1).Draw(t, "high")) // never an IPv4 in disguise
		binary.BigEndian.PutUint64(bytes[8:], rapid.Uint64().Draw(t, "low"))
		addr = netip.AddrFrom16(bytes)
	} else {
		addr = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, rapid.Uint32().Draw(t, "ipv4"))))
	}
	n, err := manager.NetworkFromPrefix(netip.PrefixFrom(addr, rapid.IntRange(0, bits).Draw(t, "bits")))
	require.NoError(t, err)
	return n
}

func drawFilters(t *rapid.T, text *rapid.Generator[string]) []manager.EventFilter {
	filters := make([]manager.EventFilter, rapid.IntRange(0, 3).Draw(t, "filters"))
	for i := range filters {
		filters[i] = manager.EventFilter{
			Action: rapid.SampledFrom([]manager.FilterAction{manager.Include, manager.Exclude, ""}).Draw(t, "action"),
			Event:  text.Draw(t, "event"),
			Header: text.Draw(t, "header"),
			Method: rapid.SampledFrom([]manager.FilterMethod{manager.MatchNone, manager.MatchRegex, "odd"}).Draw(t, "method"),
			Match:  text.Draw(t, "match"),
		}
	}
	return filters
}

// hostileAccount has a value in every field.
func hostileAccount(name string) *manager.Account {
	networks := make([]manager.Network, 0, 3)
	for _, text := range []string{"10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"} {
		prefix := netip.MustParsePrefix(text)
		network, err := manager.NetworkFromPrefix(prefix)
		if err != nil {
			panic(err)
		}
		networks = append(networks, network)
	}
	return &manager.Account{
		Name: name, Secret: store.NewSecret("s3cret \x00\xff\n'\""),
		Deny: networks[:1:1], Permit: networks[1:], NamedACL: "office",
		Read: manager.AllPrivileges, Write: manager.Originate | manager.Call,
		EventFilters: []manager.EventFilter{
			{Action: manager.Exclude, Event: "Newexten"},
			{Action: manager.Include, Header: "Channel", Method: manager.MatchRegex, Match: `^PJSIP/[0-9]+-"';\`},
		},
		DisplayConnects: true, AllowMultipleLogin: true, WriteTimeout: 5000, Disabled: true,
		Note: "<b>note</b> & 'more'\nlines", Owner: "Größe 北京",
		CreatedAt:       time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC),
		UpdatedAt:       time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC),
		SecretChangedAt: time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC),
	}
}

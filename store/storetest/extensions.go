package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
)

func extensionRules() []rule {
	return []rule{
		{"extension_stored", extensionStored},
		{"extension_with_any_values", extensionWithAnyValues},
		{"extension_unique", extensionUnique},
		{"extension_not_found", extensionNotFound},
		{"extension_updated", extensionUpdated},
		{"extension_update_aborted", extensionUpdateAborted},
		{"extension_deleted", extensionDeleted},
		{"extension_not_shared", extensionNotShared},
		{"extensions_listed", extensionsListed},
		{"extensions_sorted_by_time", extensionsSortedByTime},
		{"extensions_iterated", extensionsIterated},
		{"extensions_of_teams", extensionsOfTeams},
	}
}

// newExtension returns an extension with values in every stored field.
func newExtension(number string) *extension.Extension {
	at := noon().Add(time.Microsecond)
	return &extension.Extension{
		Number: number, Name: "'; \"<b>Größe</b>\" \\ 北京 " + number, Type: extension.TypeSoftphone, Codecs: []string{"g722", "'\"", ""}, Transport: "tls", NAT: true,
		Devices: []extension.Device{
			{Ordinal: 1, Label: "Reception '\"", Secret: store.NewSecret("first of " + number), SecretChangedAt: at},
			{Ordinal: 3, Secret: store.NewSecret("\x00third\xff"), SecretChangedAt: at.Add(time.Hour)},
		},
		CreatedAt: at.Add(2 * time.Hour), UpdatedAt: at.Add(3 * time.Hour), LastOrdinal: 4,
	}
}

func createExtensions(t *testing.T, st extension.Store, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		require.NoError(t, st.CreateExtension(t.Context(), newExtension(number)))
	}
}

// requireExtension requires that every method reads want. Empty and missing lists are the
// same.
func requireExtension(t *testing.T, rt require.TestingT, st extension.Store, want *extension.Extension) {
	found, err := st.Extension(t.Context(), want.Number)
	require.NoError(rt, err)
	read := []*extension.Extension{found}
	list, err := st.ListExtensions(t.Context(), extension.Query{})
	require.NoError(rt, err)
	require.NoError(rt, st.EachExtension(t.Context(), func(e *extension.Extension) error {
		read = append(read, e)
		return nil
	}))
	read = append(read, list.Items...)
	read = slices.DeleteFunc(read, func(e *extension.Extension) bool { return e.Number != want.Number })
	require.Len(rt, read, 3)
	for _, got := range read {
		require.Equal(rt, filledLists(want), filledLists(got))
	}
}

func filledLists(e *extension.Extension) *extension.Extension {
	c := e.Clone()
	c.Codecs, c.Devices = append([]string{}, e.Codecs...), append([]extension.Device{}, e.Devices...)
	return c
}

func extensionStored(t *testing.T, b Backend) {
	st, want := b.Extensions(""), newExtension("6001")
	requireFilled(t, reflect.ValueOf(*want))
	given := want.Clone()
	for _, at := range []*time.Time{&given.CreatedAt, &given.UpdatedAt, &given.Devices[0].SecretChangedAt} {
		*at = at.Add(500 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	}
	require.NoError(t, st.CreateExtension(t.Context(), given))
	requireExtension(t, t, st, want)
	empty := &extension.Extension{Number: "6002"}
	require.NoError(t, st.CreateExtension(t.Context(), empty))
	requireExtension(t, t, st, empty)
}

func extensionWithAnyValues(t *testing.T, b Backend) {
	st := b.Extensions("")
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
		want := newExtension(rapid.StringMatching(`[0-9]{1,20}`).Draw(rt, "number"))
		want.Name, want.Transport, want.NAT = text.Draw(rt, "name"), text.Draw(rt, "transport"), rapid.Bool().Draw(rt, "nat")
		want.Codecs = rapid.SliceOfN(text, 0, 3).Draw(rt, "codecs")
		want.Devices[0].Label = text.Draw(rt, "label")
		want.Devices[1].Secret = store.NewSecret(string(rapid.SliceOf(rapid.Byte()).Draw(rt, "secret")))
		want.Devices = want.Devices[:rapid.IntRange(0, 2).Draw(rt, "devices")]
		want.CreatedAt, want.UpdatedAt = drawTime(rt), drawTime(rt)
		require.NoError(rt, st.CreateExtension(t.Context(), want))
		requireExtension(t, rt, st, want)
		require.NoError(rt, st.DeleteExtension(t.Context(), want.Number))
	})
}

func extensionUnique(t *testing.T, b Backend) {
	st := b.Extensions("")
	createExtensions(t, st, "6001", "06001")
	other := newExtension("6001")
	other.Name = "another"
	requireAlreadyExists(t, st.CreateExtension(t.Context(), other), "extension", "number")
	requireExtension(t, t, st, newExtension("6001"))
	requireExtension(t, t, st, newExtension("06001"))
}

func extensionNotFound(t *testing.T, b Backend) {
	st := b.Extensions("")
	createExtensions(t, st, "6001")
	for _, number := range []string{"", "600", "06001", "6001 ", "%"} {
		_, err := st.Extension(t.Context(), number)
		requireNotFound(t, err, "extension")
		requireNotFound(t, st.UpdateExtension(t.Context(), number, func(*extension.Extension) error { return errors.New("called") }), "extension")
		requireNotFound(t, st.DeleteExtension(t.Context(), number), "extension")
	}
}

func extensionUpdated(t *testing.T, b Backend) {
	st, want := b.Extensions(""), newExtension("6001")
	createExtensions(t, st, "6001", "6002")
	require.NoError(t, st.UpdateExtension(t.Context(), "6001", func(e *extension.Extension) error {
		require.Equal(t, filledLists(newExtension("6001")), filledLists(e))
		e.Number, e.Name, e.Devices = "6002", "renamed", e.Devices[1:]
		return nil
	}))
	want.Name, want.Devices = "renamed", want.Devices[1:]
	requireExtension(t, t, st, want)
	requireExtension(t, t, st, newExtension("6002"))
}

func extensionUpdateAborted(t *testing.T, b Backend) {
	st, errAbort := b.Extensions(""), errors.New("aborted")
	createExtensions(t, st, "6001")
	require.Same(t, errAbort, st.UpdateExtension(t.Context(), "6001", func(e *extension.Extension) error {
		e.Name = "renamed"
		return errAbort
	}))
	requireExtension(t, t, st, newExtension("6001"))
}

func extensionDeleted(t *testing.T, b Backend) {
	st := b.Extensions("")
	createExtensions(t, st, "6001", "6002")
	require.NoError(t, st.DeleteExtension(t.Context(), "6001"))
	_, err := st.Extension(t.Context(), "6001")
	requireNotFound(t, err, "extension")
	createExtensions(t, st, "6001")
	requireExtension(t, t, st, newExtension("6002"))
}

func extensionNotShared(t *testing.T, b Backend) {
	st := b.Extensions("")
	given := newExtension("6001")
	require.NoError(t, st.CreateExtension(t.Context(), given))
	mutate := func(e *extension.Extension) {
		e.Codecs[0], e.Devices[0].Label, e.Name = "changed", "changed", "changed"
	}
	mutate(given)
	found, err := st.Extension(t.Context(), "6001")
	require.NoError(t, err)
	mutate(found)
	list, err := st.ListExtensions(t.Context(), extension.Query{})
	require.NoError(t, err)
	mutate(list.Items[0])
	require.NoError(t, st.EachExtension(t.Context(), func(e *extension.Extension) error {
		mutate(e)
		return nil
	}))
	requireExtension(t, t, st, newExtension("6001"))
}

// listNumbers returns the numbers of all pages, and checks the number of matches.
func listNumbers(t *testing.T, st extension.Store, q extension.Query) []string {
	t.Helper()
	numbers := []string{}
	q.Count = true
	for {
		list, err := st.ListExtensions(t.Context(), q)
		require.NoError(t, err)
		for _, e := range list.Items {
			numbers = append(numbers, e.Number)
		}
		if q.After = list.Next; q.After == "" {
			require.Len(t, numbers, list.Total)
			return numbers
		}
	}
}

func extensionsListed(t *testing.T, b Backend) {
	st := b.Extensions("")
	require.Empty(t, listNumbers(t, st, extension.Query{}))
	createExtensions(t, st, "100", "99", "0099", "1000", "98")
	for limit := range 6 {
		q := extension.Query{PageRequest: store.PageRequest{Limit: limit + 1}}
		require.Equal(t, []string{"98", "99", "100", "0099", "1000"}, listNumbers(t, st, q))
		q.Sort = store.Sort{By: "number", Descending: true}
		require.Equal(t, []string{"1000", "0099", "100", "99", "98"}, listNumbers(t, st, q))
	}
	require.NoError(t, st.UpdateExtension(t.Context(), "98", func(e *extension.Extension) error {
		e.Name = "Éva 100%"
		return nil
	}))
	for search, want := range map[string][]string{"99": {"99", "0099"}, "éVA": {"98"}, "100%": {"98"}, "größe</B>": {"99", "100", "0099", "1000"}, "_": {}} {
		require.Equal(t, want, listNumbers(t, st, extension.Query{Search: search, PageRequest: store.PageRequest{Limit: 2}}), search)
	}
}

func extensionsSortedByTime(t *testing.T, b Backend) {
	st := b.Extensions("")
	createExtensions(t, st, "1", "2", "3", "4")
	for i, number := range []string{"3", "1", "4", "2"} {
		require.NoError(t, st.UpdateExtension(t.Context(), number, func(e *extension.Extension) error {
			e.CreatedAt, e.UpdatedAt = noon().Add(time.Duration(i)*time.Second), noon().Add(time.Duration(i/2)*time.Second)
			return nil
		}))
	}
	for by, want := range map[string][]string{"created_at": {"3", "1", "4", "2"}, "updated_at": {"1", "3", "2", "4"}} {
		for limit := 1; limit <= 5; limit++ {
			q := extension.Query{Sort: store.Sort{By: by}, PageRequest: store.PageRequest{Limit: limit}}
			require.Equal(t, want, listNumbers(t, st, q), "%s, pages of %d", by, limit)
			q.Sort.Descending = true
			reversed := slices.Clone(want)
			slices.Reverse(reversed)
			require.Equal(t, reversed, listNumbers(t, st, q), "%s, pages of %d", by, limit)
		}
	}
	_, err := st.ListExtensions(t.Context(), extension.Query{Sort: store.Sort{By: "devices"}})
	require.ErrorIs(t, err, store.ErrInvalid)
}

func extensionsIterated(t *testing.T, b Backend) {
	st := b.Extensions("")
	want := make([]string, 1100) // more than a batch
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range want {
			want[i] = fmt.Sprintf("2%04d", i)
			if err := st.CreateExtension(ctx, newExtension(want[i])); err != nil {
				return err
			}
		}
		return nil
	}))
	got := []string{}
	require.NoError(t, st.EachExtension(t.Context(), func(e *extension.Extension) error {
		got = append(got, e.Number)
		return nil
	}))
	require.Equal(t, want, got)
	errStop, visited := errors.New("enough"), 0
	require.Same(t, errStop, st.EachExtension(t.Context(), func(*extension.Extension) error {
		visited++
		return errStop
	}))
	require.Equal(t, 1, visited)
}

func extensionsOfTeams(t *testing.T, b Backend) {
	for _, team := range teamNames() {
		st := b.Extensions(team)
		require.Equal(t, team, st.Team())
		require.Empty(t, listNumbers(t, st, extension.Query{}))
		_, err := st.Extension(t.Context(), "6001")
		requireNotFound(t, err, "extension")
		createExtensions(t, st, "6001")
		require.NoError(t, st.UpdateExtension(t.Context(), "6001", func(e *extension.Extension) error {
			e.Name = "of team " + team
			return nil
		}))
	}
	require.NoError(t, b.Extensions("acme").DeleteExtension(t.Context(), "6001"))
	for _, team := range teamNames() {
		if team == "acme" {
			continue
		}
		want := newExtension("6001")
		want.Name = "of team " + team
		requireExtension(t, t, b.Extensions(team), want)
	}
}

package forms_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
)

func jane() forms.Reader { return forms.Reader{Owner: "jane", Browser: "b1"} }

func TestForms_Draft_isForItsReaderForADay(t *testing.T) {
	t.Parallel()
	at := testclock.New()
	f := newForms(t, at.Now)
	d := forms.NewDraft("/users/new?draft=x", "/users/new", url.Values{
		"form_token": {"t"}, "username": {"joan"}, "groups": {"a", "b"}, "password": {"s3cr3t"}, "ami_secret": {""}, "code": {"123456"}, "version": {"v"}, "empty": {" "},
	})
	require.Equal(t, url.Values{"username": {"joan"}, "groups": {"a", "b"}, "version": {"v"}, "empty": {" "}}, d.Values)
	require.Equal(t, []string{"code", "password"}, d.Secrets)
	require.Equal(t, map[string]string{"username": "joan", "groups": "a, b"}, d.Typed())
	require.True(t, d.IsFor("/users/new"))
	require.False(t, d.IsFor("/users"))
	f.SetAnswer(d, []byte("page"), "session")
	require.NoError(t, f.Save(t.Context(), d, jane()))

	found, err := f.Draft(t.Context(), d.ID, jane())
	require.NoError(t, err)
	require.Equal(t, d, found)
	answer, ok := f.Answer(found, "session")
	require.True(t, ok)
	require.Equal(t, "page", string(answer))
	_, ok = f.Answer(found, "another session")
	require.False(t, ok)
	_, ok = f.Answer(&forms.Draft{}, "session")
	require.False(t, ok)
	for _, reader := range []forms.Reader{{Owner: "joan", Browser: "b1"}, {Owner: "jane", Browser: "b2"}, {Owner: "jane"}} {
		_, err = f.Draft(t.Context(), d.ID, reader)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	_, err = f.Draft(t.Context(), "another", jane())
	require.ErrorIs(t, err, store.ErrNotFound)
	at.Advance(24 * time.Hour)
	_, err = f.Draft(t.Context(), d.ID, jane())
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestForms_Save_boundsDrafts(t *testing.T) {
	t.Parallel()
	f := newForms(t, time.Now)
	drafts := make([]*forms.Draft, 200)
	for i := range drafts {
		drafts[i] = forms.NewDraft("/", "/", url.Values{"number": {strconv.Itoa(i)}})
		require.NoError(t, f.Save(t.Context(), drafts[i], jane()))
	}
	kept := 0
	for _, d := range drafts {
		if _, err := f.Draft(t.Context(), d.ID, jane()); err == nil {
			kept++
		}
	}
	require.LessOrEqual(t, kept, 32)
	require.Greater(t, kept, 10)
	_, err := f.Draft(t.Context(), drafts[199].ID, jane())
	require.NoError(t, err, "the newest one")
	tooLarge := forms.NewDraft("/", "/", url.Values{"text": {strings.Repeat("x", store.MaxValueSize)}})
	require.ErrorIs(t, f.Save(t.Context(), tooLarge, jane()), store.ErrInvalid)
}

func TestDraft_Fill_fillsTheFormThatFits(t *testing.T) {
	t.Parallel()
	d := forms.NewDraft("/a", "/a?x=1", url.Values{
		"name": {`J "<b>`}, "text": {"one\n</textarea>"}, "box": {"2"}, "choice": {"b"}, "row": {"r1", "r2"}, "version": {"old"}, "password": {"x"},
	})
	const other = `<form method="post" action="/a"><input name="name" value="n"></form><form method="get" action="/a"><input name="name"></form>`
	page := `<main>` + other + `<form method="post" class="card">` +
		`<label class="l" for="i-name">Full name <span>(required)</span></label><input id="i-name" name="name" value="before"><textarea name="text">` + "\nbefore</textarea>" +
		`<input type="checkbox" name="box" value="1" checked><input type="checkbox" name="box" value="2"><input type="radio" name="none" value="x" checked>` +
		`<select name="choice"><option value="a" selected>A</option><option value="b">B</option></select><input name="row" value=""><input name="row"><input name="row" value="z">` +
		`<label for="i-p">Password</label><input type="password" id="i-p" name="password"><input type="hidden" name="version" value="new"><input type="submit" name="go" value="Go"><input name="untouched" value="u"></form><svg viewBox="0 0 1 1"/></main>`
	want := `<main>` + other + `<div class="alert alert-warning" role="alert" tabindex="-1" autofocus id="draft"><p>Your input is back, but it is not saved yet. Check it and save. Type again: Password. Secrets are not kept.</p></div>` +
		`<form method="post" data-unsaved class="card">` +
		`<label class="l" for="i-name">Full name <span>(required)</span></label><input id="i-name" name="name" value="J &#34;&lt;b&gt;"><textarea name="text">` + "\none\n&lt;/textarea&gt;</textarea>" +
		`<input type="checkbox" name="box" value="1"><input type="checkbox" name="box" value="2" checked=""><input type="radio" name="none" value="x">` +
		`<select name="choice"><option value="a">A</option><option value="b" selected="">B</option></select><input name="row" value="r1"><input name="row" value="r2"><input name="row" value="">` +
		`<label for="i-p">Password</label><input type="password" id="i-p" name="password"><input type="hidden" name="version" value="old"><input type="submit" name="go" value="Go"><input name="untouched" value="u"></form><svg viewBox="0 0 1 1"/></main>`
	require.Equal(t, want, string(d.Fill([]byte(page), "/a")))
}

// A button can have an address of its own.
func TestDraft_Fill_fillsFormOfButton(t *testing.T) {
	t.Parallel()
	d := forms.NewDraft("/a", "/a/test", url.Values{"host": {"pbx"}, "port": {"25"}, "to": {"jane"}})
	page := string(d.Fill([]byte(`<main><form method="post" action="/x"><input name="to"></form><form method="post" action="/a"><input name="host"><input name="port"></form></main>`), "/a"))
	require.Contains(t, page, `<form method="post" action="/x"><input name="to"></form>`)
	require.Contains(t, page, `<input name="host" value="pbx"><input name="port" value="25">`)
}

func TestDraft_Fill_listsInputWithoutForm(t *testing.T) {
	t.Parallel()
	d := forms.NewDraft("/a", "/a/b", url.Values{"first_name": {"<b>"}, "version": {"x"}})
	page := string(d.Fill([]byte(`<main id="main"><p>Gone</p></main>`), "/a"))
	require.Contains(t, page, `<main id="main"><div class="alert alert-warning"`)
	require.Contains(t, page, "<dt>First name</dt><dd>&lt;b&gt;</dd>")
	require.NotContains(t, page, "Version")
	require.Contains(t, page, "</dl></div><p>Gone</p></main>")
}

func TestIsSecret_knowsNamesOfSecrets(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]bool{"password": true, "current_password": true, "secret": true, "smtp_password": true, "code": true, "postal_code": false, "name": false} {
		require.Equal(t, secret, forms.IsSecret(name), name)
	}
}

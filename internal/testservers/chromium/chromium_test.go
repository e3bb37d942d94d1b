package chromium_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
)

const page = `<!doctype html><title>Greeting</title>
<form action="/greeting"><label>Name <input name="name" value="nobody"></label> <button>Greet</button></form>
<p id="script">no script</p><script>document.getElementById("script").textContent = "script"</script>
<img src="http://elsewhere.example/x.png">`

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) })
	mux.HandleFunc("/greeting", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<h1>Hello " + r.FormValue("name") + "</h1>"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestTab_Follow_submitsForm(t *testing.T) {
	t.Parallel()
	url := serve(t)
	tab := chromium.Start(t).NewTab(t, chromium.View{})
	require.Equal(t, http.StatusOK, tab.Visit(t, url))
	require.Equal(t, "script", tab.Text(t, "#script"))
	tab.Fill(t, "input", "Jane")
	require.Equal(t, http.StatusOK, tab.Follow(t, "button"))
	require.Equal(t, "Hello Jane", tab.Text(t, "h1"))
	require.Equal(t, "/greeting?name=Jane", tab.Path(t))
	require.Empty(t, tab.ConsoleErrors(t))
	chromium.Eval[bool](t, tab, `console.error("a complaint"), true`)
	require.Equal(t, []string{`"a complaint"`}, tab.ConsoleErrors(t))
	require.Contains(t, tab.Requests(), "http://elsewhere.example/x.png", "every request is seen, also one that fails")
}

func TestTab_Dialogs_areAnswered(t *testing.T) {
	t.Parallel()
	url := serve(t)
	tab := chromium.Start(t).NewTab(t, chromium.View{})
	tab.Visit(t, url)
	chromium.Eval[bool](t, tab, `addEventListener("beforeunload", event => event.preventDefault()), true`)
	tab.Fill(t, "input", "Jane")
	tab.Stay(true)
	tab.Click(t, "button")
	require.Equal(t, "/", tab.Path(t))
	require.Equal(t, []string{"beforeunload"}, tab.Dialogs(t))
	require.Empty(t, tab.Dialogs(t))
	tab.Stay(false)
	tab.Visit(t, url)
	require.Equal(t, []string{"beforeunload"}, tab.Dialogs(t))
}

func TestTab_SetView_appliesColorsSizeAndScript(t *testing.T) {
	t.Parallel()
	url := serve(t)
	browser := chromium.Start(t)
	open := browser.NewTab(t, chromium.View{})
	open.Visit(t, url)
	for _, view := range []chromium.View{{Dark: true, Width: 360, Height: 740}, {}} {
		tab := browser.NewTab(t, view)
		tab.Visit(t, url)
		open.SetView(t, view)
		require.Equal(t, chromium.Eval[int](t, tab, "innerWidth"), chromium.Eval[int](t, open, "innerWidth"), "a page that is open already shows the view too")
		require.Equal(t, view.Dark, chromium.Eval[bool](t, open, `matchMedia("(prefers-color-scheme: dark)").matches`))
		require.Equal(t, view.Dark, chromium.Eval[bool](t, tab, `matchMedia("(prefers-color-scheme: dark)").matches`))
		image, err := png.DecodeConfig(bytes.NewReader(tab.Screenshot(t)))
		require.NoError(t, err)
		require.Equal(t, chromium.Eval[int](t, tab, "innerWidth"), image.Width)
	}
	noScript := browser.NewTab(t, chromium.View{NoScript: true})
	noScript.Visit(t, url)
	require.Equal(t, "no script", noScript.Text(t, "#script"))
}

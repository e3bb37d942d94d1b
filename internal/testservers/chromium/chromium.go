// Package chromium opens pages in a real Chromium for the tests of this
// module's pages. The browser has no window and a profile of its own, reaches
// no host but those a page names, and cannot outlive its test. Like every test server,
// it is installed by `make testservers`; see package testservers for what happens without.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// stepTimeout bounds what a page may take for one step, on a busy machine.
const stepTimeout = 30 * time.Second

// Browser is a running Chromium.
type Browser struct {
	ctx context.Context
}

// Start starts a Chromium that ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	testservers.SkipIfShort(t)
	path, err := findChromium()
	if err != nil {
		testservers.SkipOrFail(t, err)
	}
	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // it also runs as root, and opens only pages of the test
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"),
	)
	allocCtx, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocCtx)
	t.Cleanup(func() {
		cancel()
		cancelAlloc()
	})
	require.NoError(t, chromedp.Do(ctx), "Chromium does not start")
	return &Browser{ctx: ctx}
}

// findChromium returns the Chromium on PATH.
func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on PATH")
}

// View is how a tab shows pages; none shows them moving.
type View struct {
	// Width and Height of the page in CSS pixels. Default to 1280 and 900.
	Width, Height int64
	// Dark asks pages for their dark colours. Defaults to the light ones.
	Dark bool
	// NoScript keeps pages from running JavaScript. Defaults to running it.
	NoScript bool
}

// Tab is a tab of a Browser, with cookies of its own.
type Tab struct {
	ctx    context.Context
	events *eventLog
}

// eventLog are what a tab did beside showing pages.
type eventLog struct {
	mu       sync.Mutex
	requests []string
	messages []string
	dialogs  []string
	// stay answers the question whether to leave a page.
	stay bool
}

// handle notes an event of the browser.
func (s *eventLog) handle(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		s.requests = append(s.requests, event.Request.URL)
	case *log.EventEntryAdded:
		// That a page answered 403 is no complaint about the page.
		if event.Entry.Source != log.EntrySourceNetwork {
			s.messages = append(s.messages, event.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		s.messages = append(s.messages, event.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if event.Type != runtime.ConsoleAPICalledTypeError && event.Type != runtime.ConsoleAPICalledTypeWarning {
			return
		}
		for _, arg := range event.Args {
			s.messages = append(s.messages, string(arg.Value)+arg.Description)
		}
	}
}

// NewTab opens an empty tab that ends with the test.
func (b *Browser) NewTab(t testing.TB, view View) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	tab := &Tab{ctx: ctx, events: &eventLog{}}
	tab.Do(t, chromedp.Func(enableEvents))
	tab.SetView(t, view)
	require.NoError(t, chromedp.Listen(ctx, tab.events.handle))
	require.NoError(t, chromedp.Listen(ctx, tab.handleDialog))
	return tab
}

// handleDialog notes and answers a dialog of the browser.
func (tab *Tab) handleDialog(event any) {
	opening, ok := event.(*page.EventJavascriptDialogOpening)
	if !ok {
		return
	}
	tab.events.mu.Lock()
	defer tab.events.mu.Unlock()
	tab.events.dialogs = append(tab.events.dialogs, string(opening.Type))
	answer := page.HandleJavaScriptDialogParams{Accept: !tab.events.stay}
	go func() { // the events wait for this handler
		_, _ = cdp.Call(tab.ctx, chromedp.FromContext(tab.ctx).Target, page.HandleJavaScriptDialog, answer)
	}()
}

// Stay answers the question whether to leave a page from now on. A tab leaves unless told
// otherwise.
func (tab *Tab) Stay(stay bool) {
	tab.events.mu.Lock()
	defer tab.events.mu.Unlock()
	tab.events.stay = stay
}

// Dialogs returns the types of the dialogs that the browser has shown since it was last
// asked, such as "beforeunload".
func (tab *Tab) Dialogs(t testing.TB) []string {
	t.Helper()
	Eval[bool](t, tab, "true") // events come in order
	tab.events.mu.Lock()
	defer tab.events.mu.Unlock()
	dialogs := tab.events.dialogs
	tab.events.dialogs = nil
	return dialogs
}

// enableEvents makes the browser tell what happens in a tab.
func enableEvents(ctx context.Context, tab *chromedp.Target) error {
	if _, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	_, err := cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
	return err
}

// SetView shows the page that is open, and those that follow, in another view.
func (tab *Tab) SetView(t testing.TB, view View) {
	t.Helper()
	if view.Width == 0 {
		view.Width, view.Height = 1280, 900
	}
	tab.Do(t, chromedp.EmulateViewport(view.Width, view.Height), chromedp.Func(view.emulate))
}

func (v View) emulate(ctx context.Context, tab *chromedp.Target) error {
	scheme := map[bool]string{false: "light", true: "dark"}[v.Dark]
	_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if err != nil {
		return err
	}
	_, err = cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
	return err
}

// Requests returns every address that the tab has asked for so far.
func (tab *Tab) Requests() []string {
	tab.events.mu.Lock()
	defer tab.events.mu.Unlock()
	return slices.Clone(tab.events.requests)
}

// ConsoleErrors returns the errors and warnings that pages caused since it was last
// asked, such as what a content security policy refused.
func (tab *Tab) ConsoleErrors(t testing.TB) []string {
	t.Helper()
	// Events come in order: what happened before this has been heard after it.
	Eval[bool](t, tab, "true")
	tab.events.mu.Lock()
	defer tab.events.mu.Unlock()
	messages := tab.events.messages
	tab.events.messages = nil
	return messages
}

// Do runs steps, each of which may take a while, and fails the test when one
// does not succeed.
func (tab *Tab) Do(t testing.TB, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for _, step := range steps {
		// A context that ends would end the tab: chromedp ties them together
		// at the first use only.
		if chromedp.FromContext(tab.ctx).Target == nil {
			require.NoError(t, chromedp.Do(tab.ctx))
		}
		ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
		err := chromedp.Do(ctx, step)
		cancel()
		require.NoError(t, err, "at %s", tab.location())
	}
}

// location is where the tab is, for the messages of failures.
func (tab *Tab) location() string {
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	url, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "an unknown page"
	}
	return url
}

// Visit opens an address, waits until it is loaded, and returns its status.
func (tab *Tab) Visit(t testing.TB, url string) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(url))
	require.NoError(t, err, url)
	return int(response.Status)
}

// Fill replaces what stands in a field by text, typed as on a keyboard.
func (tab *Tab) Fill(t testing.TB, field, text string) {
	t.Helper()
	tab.WaitVisible(t, field)
	Eval[bool](t, tab, fmt.Sprintf(`document.querySelector(%q).value = "", true`, field))
	tab.Do(t, chromedp.SendKeys(chromedp.CSS(field), text))
}

// Click clicks on an element, once it is visible.
func (tab *Tab) Click(t testing.TB, element string) {
	t.Helper()
	tab.Do(t, chromedp.Click(chromedp.CSS(element)))
}

// Follow clicks on a link or a button that leads to another page, waits until
// that is loaded, and returns its status.
func (tab *Tab) Follow(t testing.TB, element string) (status int) {
	t.Helper()
	return tab.Await(t, chromedp.Click(chromedp.CSS(element)))
}

// Await does a step that leads to another page, waits until that is loaded, and returns its
// status.
func (tab *Tab) Await(t testing.TB, step chromedp.Action[chromedp.Void]) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	require.NoError(t, err, "at %s", tab.location())
	return int(response.Status)
}

// WaitVisible waits until an element is visible.
func (tab *Tab) WaitVisible(t testing.TB, element string) {
	t.Helper()
	tab.Do(t, chromedp.WaitVisible(chromedp.CSS(element)))
}

// Text returns what people read of an element, once it is visible.
func (tab *Tab) Text(t testing.TB, element string) string {
	t.Helper()
	return strings.TrimSpace(run(t, tab, chromedp.Text(chromedp.CSS(element))))
}

// Path returns the path of the page, with its query.
func (tab *Tab) Path(t testing.TB) string {
	t.Helper()
	return Eval[string](t, tab, "location.pathname + location.search")
}

// Screenshot returns the page as a PNG, whole.
func (tab *Tab) Screenshot(t testing.TB) []byte {
	t.Helper()
	return run(t, tab, chromedp.FullScreenshot(100))
}

// Eval returns the value of a JavaScript expression, or of the promise that it
// is.
func Eval[T any](t testing.TB, tab *Tab, expression string) T {
	t.Helper()
	return run(t, tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func run[T any](t testing.TB, tab *Tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	require.NoError(t, err, "at %s", tab.location())
	return got
}

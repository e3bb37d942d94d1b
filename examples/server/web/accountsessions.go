package web

import (
	"context"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
)

// accountSession is a session on the page /account.
type accountSession struct {
	websession.Session

	// Device is the browser or the program.
	Device string
}

// accountSessions returns the sessions of the administrator who is logged in.
func (p accountPages) accountSessions(ctx context.Context) ([]accountSession, error) {
	sessions, err := p.sessions.Sessions(ctx)
	list := make([]accountSession, len(sessions))
	for i, s := range sessions {
		list[i] = accountSession{s, deviceName(s.UserAgent)}
	}
	return list, err
}

func (p accountPages) endSession(ctx context.Context, r *request) (response, error) {
	err := p.sessions.EndSession(ctx, r.form("session"))
	if errors.Is(err, store.ErrNotFound) {
		return redirect{Path: "/account", Flash: "That device was logged out already."}, nil
	}
	return p.answer(ctx, r, err, "Device logged out.")
}

func (p accountPages) endOtherSessions(ctx context.Context, r *request) (response, error) {
	return p.answer(ctx, r, p.sessions.EndOtherSessions(ctx), "All other devices are logged out.")
}

// deviceName puts a User-Agent into words, such as "Firefox on Windows". A program is its
// name, such as "curl". The client chooses the text, so this is a hint only.
func deviceName(userAgent string) string {
	// The first match counts: Edge also claims to be Chrome, and Chrome to be Safari.
	browser := nameIn(userAgent, [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"},
	})
	system := nameIn(userAgent, [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
	})
	if browser == "" {
		browser = programName(userAgent)
	}
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

// nameIn returns the name of the first mark that text contains; "" without one.
func nameIn(text string, names [][2]string) string {
	for _, mark := range names {
		if strings.Contains(text, mark[0]) {
			return mark[1]
		}
	}
	return ""
}

// programName returns the first name in a User-Agent, at most 40 letters, digits and dashes.
func programName(userAgent string) string {
	end := strings.IndexFunc(userAgent+" ", func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	name := userAgent[:min(end, 40)]
	if name == "" || name == "Mozilla" {
		return "Unknown browser"
	}
	return name
}

package web

import (
	"context"
	"errors"
	"io/fs"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// banner says on each page whether there is something to apply.
type banner struct {
	// Tone is the class: "calm", "wait" or "alarm".
	Tone string
	Text string
	// Href and Action are the way on; empty where the visitor has none.
	Href, Action string
}

func (p configPages) banner(ctx context.Context, r *request) (response, error) {
	drawn := p.bannerOf(ctx, r)
	if r.isHTMX() {
		return fragment{"banner", drawn}, nil
	}
	return page{Name: "banner", Title: "Pending changes", Body: drawn}, nil
}

// bannerOf returns nil when there is nothing to show.
func (p configPages) bannerOf(ctx context.Context, r *request) *banner {
	if run := p.runner.Last(); run != nil && !run.Done {
		return applyBanner(r, "wait", "The configuration is being applied.", "/config/run", "Show progress")
	}
	status, err := p.runner.Status(ctx)
	if err != nil {
		return p.errorBanner(ctx, r, err)
	}
	switch {
	case status.Interrupted:
		return applyBanner(r, "alarm", "An apply was interrupted. Recover to complete it or to roll it back.", "/config", "Review and recover")
	case status.Pending && r.admin.Can(ampusers.SectionApply):
		return applyBanner(r, "wait", "There are changes that are not live yet.", "/config", "Review and apply")
	case status.Pending:
		return &banner{Tone: "wait", Text: "There are changes that are not live yet. Ask an administrator with access to Apply."}
	}
	return nil
}

// applyBanner has a link for administrators with access to Apply.
func applyBanner(r *request, tone, text, href, action string) *banner {
	return bannerFor(r, ampusers.SectionApply, tone, text, href, action)
}

func bannerFor(r *request, section, tone, text, href, action string) *banner {
	b := &banner{Tone: tone, Text: text}
	if r.admin.Can(section) {
		b.Href, b.Action = href, action
	}
	return b
}

// errorBanner says why it is unknown whether there are pending changes.
func (p configPages) errorBanner(ctx context.Context, r *request, err error) *banner {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bannerFor(r, app.SectionSettings, "calm", "No Asterisk is connected. Changes are saved but do not go live.", "/settings", "Connect")
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return bannerFor(r, app.SectionSettings, "wait", "Asterisk does not use the accounts of this server yet.", "/settings/install", "Connect Asterisk")
	default: // the page says why, to administrators who can see it
		p.log.WarnContext(ctx, "status of the configuration failed", "error", err)
		return applyBanner(r, "alarm", "The configuration status is unavailable.", "/config", "Show details")
	}
}

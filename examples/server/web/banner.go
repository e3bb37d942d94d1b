package web

import (
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

func (v *pageHandler) configBanner() error {
	drawn := v.banner()
	if v.isHTMX() {
		return v.renderFragment("banner", drawn)
	}
	return v.render("banner", "Pending changes", drawn)
}

// banner returns nil when there is nothing to say.
func (v *pageHandler) banner() *banner {
	if run := v.runner.Last(); run != nil && !run.Done {
		return v.withLink(&banner{Tone: "wait", Text: "The configuration is being applied."}, "/config/run", "Show progress")
	}
	status, err := v.runner.Status(v.r.Context())
	if err != nil {
		return v.statusErrorBanner(err)
	}
	switch {
	case status.Interrupted:
		return v.withLink(&banner{Tone: "alarm", Text: "An apply was interrupted. Recover to complete it or to roll it back."}, "/config", "Review and recover")
	case status.Pending && v.admin.Can(ampusers.SectionApply):
		return v.withLink(&banner{Tone: "wait", Text: "There are changes that are not live yet."}, "/config", "Review and apply")
	case status.Pending:
		return &banner{Tone: "wait", Text: "There are changes that are not live yet. Ask an administrator with access to Apply."}
	}
	return nil
}

// withLink adds the way on, for those who may apply.
func (v *pageHandler) withLink(b *banner, href, action string) *banner {
	if v.admin.Can(ampusers.SectionApply) {
		b.Href, b.Action = href, action
	}
	return b
}

// statusErrorBanner says why it is not known whether something waits.
func (v *pageHandler) statusErrorBanner(err error) *banner {
	var b *banner
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b = &banner{Tone: "calm", Text: "No Asterisk is connected. Changes are saved but do not go live."}
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		b = &banner{Tone: "wait", Text: "Asterisk does not use the accounts of this server yet."}
		if v.admin.Can(app.SectionSettings) {
			b.Href, b.Action = "/settings/install", "Connect Asterisk"
			return b
		}
		return b
	default:
		v.log.WarnContext(v.r.Context(), "status of the configuration failed", "error", err)
		// The page says why, to those who may see it.
		return v.withLink(&banner{Tone: "alarm", Text: "The configuration status is unavailable."}, "/config", "Show details")
	}
	if v.admin.Can(app.SectionSettings) {
		b.Href, b.Action = "/settings", "Connect"
	}
	return b
}

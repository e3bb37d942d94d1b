package app

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
)

// InstallResult is what [App.Install] did.
type InstallResult struct {
	Installation *asteriskconf.Installation
	// Report is that of the first apply; nil when an obstacle was in the way.
	Report *asteriskconf.Report
}

// Install has Asterisk read our files, mends the obstacles named by their
// codes, makes the AMI account to apply with, brings it to Asterisk, through
// the asterisk command where need be, and applies over AMI.
func (s *App) Install(ctx context.Context, fix ...string) (*InstallResult, error) {
	plan, err := s.Settings.InstallFiles(ctx, fix...)
	if err := errors.Join(err, s.RecordInstall(ctx, plan, err, fix...)); err != nil {
		return nil, err
	}
	installed := &InstallResult{Installation: plan}
	if s.Settings.BlockingIssue(plan, fix) != nil {
		return installed, nil
	}
	installed.Report, err = s.InitialApply(ctx)
	return installed, err
}

// RecordInstall keeps in the audit trail what came of [Settings.InstallFiles]:
// what it did, if anything, or that it failed.
func (s *App) RecordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, fixed ...string) error {
	if failed != nil {
		s.AuditLog.RecordFailure(ctx, s.ConfigAuditEvent(actionInstall), failed)
		return nil
	}
	if plan.Empty() && len(fixed) == 0 {
		return nil
	}
	event := s.ConfigAuditEvent(actionInstall)
	event.After = struct {
		Files  []asteriskconf.InstalledFile `json:"files"`
		Mended []string                     `json:"mended,omitempty"`
	}{plan.Files, fixed}
	return s.AuditLog.Record(ctx, event)
}

// actionInstall is an installation as the audit trail calls it.
const actionInstall = "install"

// ConfigAuditEvent is an act on the configuration folder, such as "apply", as
// the audit trail calls it.
func (s *App) ConfigAuditEvent(action string) audit.Event {
	return audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(s.Settings.ConfDir)}
}

// PlanInstall returns what [App.Install] would do to the files.
func (s *App) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	return s.Settings.PlanInstall(ctx, fix...)
}

// PlanInstall returns what [Settings.InstallFiles] would do.
func (s *Settings) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.PlanInstall(ctx, fix...)
}

// InstallFiles has Asterisk read our files, at the next reload, and mends the
// obstacles named by their codes. It needs no database, and makes none.
func (s *Settings) InstallFiles(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.Install(ctx, fix...)
}

// openForInstall opens the configuration folder without records, which an
// installation does not read.
func (s *Settings) openForInstall() (*asteriskconf.ConfigDir, error) {
	return s.openConfigDir(manager.NewConfSource(nil, nil), &asteriskconf.Options{TakeOver: s.TakeOver})
}

// BlockingIssue returns the obstacle that forbids a reload, which would close AMI
// and lock us out; nil when there is none but those that were mended.
func (s *Settings) BlockingIssue(plan *asteriskconf.Installation, fixed []string) *asteriskconf.Issue {
	if s.AMI == NoAsterisk {
		return nil
	}
	for _, o := range plan.Issues {
		if o.Blocking && !slices.Contains(fixed, o.Code) {
			return &o
		}
	}
	return nil
}

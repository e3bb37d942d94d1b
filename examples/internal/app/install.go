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

// InstallResult is the result of [App.Install].
type InstallResult struct {
	Installation *asteriskconf.Installation
	// Report is the report of the first apply, nil if an issue blocked it.
	Report *asteriskconf.Report
}

// Install includes the pbxusers files in the configuration of Asterisk, fixes the
// issues with the given codes, and runs [App.InitialApply].
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

// RecordInstall records the result of [Settings.InstallFiles] in the audit log: its
// changes, if any, or its failure.
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
		Files []asteriskconf.InstalledFile `json:"files"`
		Fixed []string                     `json:"fixed,omitempty"`
	}{plan.Files, fixed}
	return s.AuditLog.Record(ctx, event)
}

// actionInstall is the action of an installation in the audit log.
const actionInstall = "install"

// ConfigAuditEvent describes an action on the configuration folder, such as
// "apply", for the audit log.
func (s *App) ConfigAuditEvent(action string) audit.Event {
	return audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(s.Settings.ConfDir)}
}

// PlanInstall returns the changes that [App.Install] would make to the files.
func (s *App) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	return s.Settings.PlanInstall(ctx, fix...)
}

// PlanInstall returns the changes that [Settings.InstallFiles] would make.
func (s *Settings) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.PlanInstall(ctx, fix...)
}

// InstallFiles includes the pbxusers files in the configuration of Asterisk, for the
// next reload, and fixes the issues with the given codes. It needs no database.
func (s *Settings) InstallFiles(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.Install(ctx, fix...)
}

// openForInstall opens the configuration folder without records: an installation
// does not read them.
func (s *Settings) openForInstall() (*asteriskconf.ConfigDir, error) {
	return s.openConfigDir(manager.NewConfSource(nil, nil), &asteriskconf.Options{TakeOver: s.TakeOver})
}

// BlockingIssue returns the first issue that is not fixed and makes a reload close
// AMI, which would lock this program out. It returns nil if there is none.
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

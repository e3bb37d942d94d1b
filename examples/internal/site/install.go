package site

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Installed is what [Site.Install] did.
type Installed struct {
	Installation *asteriskconf.Installation
	// Report is that of the first apply; nil when an obstacle was in the way.
	Report *asteriskconf.Report
}

// Install has Asterisk read our files, mends the obstacles named by their
// codes, makes the AMI account to apply with, brings it to Asterisk, through
// the asterisk command where need be, and applies over AMI.
func (s *Site) Install(ctx context.Context, mend ...string) (*Installed, error) {
	plan, err := s.Settings.InstallFiles(ctx, mend...)
	if err := errors.Join(err, s.RecordInstall(ctx, plan, err, mend...)); err != nil {
		return nil, err
	}
	installed := &Installed{Installation: plan}
	if s.Settings.Blocked(plan, mend) != nil {
		return installed, nil
	}
	installed.Report, err = s.FirstApply(ctx)
	return installed, err
}

// RecordInstall keeps in the audit trail what came of [Settings.InstallFiles]:
// what it did, if anything, or that it failed.
func (s *Site) RecordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, mended ...string) error {
	if failed != nil {
		s.Trail.RecordFailure(ctx, s.ConfigurationAct(actInstall), failed)
		return nil
	}
	if plan.Empty() && len(mended) == 0 {
		return nil
	}
	event := s.ConfigurationAct(actInstall)
	event.After = struct {
		Files  []asteriskconf.InstalledFile `json:"files"`
		Mended []string                     `json:"mended,omitempty"`
	}{plan.Files, mended}
	return s.Trail.Record(ctx, event)
}

// actInstall is an installation as the audit trail calls it.
const actInstall = "install"

// ConfigurationAct is an act on the configuration folder, such as "apply", as
// the audit trail calls it.
func (s *Site) ConfigurationAct(action string) audit.Event {
	return audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(s.Settings.ConfDir)}
}

// PlanInstall returns what [Site.Install] would do to the files.
func (s *Site) PlanInstall(ctx context.Context, mend ...string) (*asteriskconf.Installation, error) {
	return s.Settings.PlanInstall(ctx, mend...)
}

// PlanInstall returns what [Settings.InstallFiles] would do.
func (s *Settings) PlanInstall(ctx context.Context, mend ...string) (*asteriskconf.Installation, error) {
	folder, err := s.bareFolder()
	if err != nil {
		return nil, err
	}
	return folder.PlanInstall(ctx, mend...)
}

// InstallFiles has Asterisk read our files, at the next reload, and mends the
// obstacles named by their codes. It needs no database, and makes none.
func (s *Settings) InstallFiles(ctx context.Context, mend ...string) (*asteriskconf.Installation, error) {
	folder, err := s.bareFolder()
	if err != nil {
		return nil, err
	}
	return folder.Install(ctx, mend...)
}

// bareFolder opens the configuration folder without records, which an
// installation does not read.
func (s *Settings) bareFolder() (*asteriskconf.Folder, error) {
	return s.folder(manager.NewSource(nil, nil), &asteriskconf.Options{Adopt: s.Adopt})
}

// Blocked returns the obstacle that forbids a reload, which would close AMI
// and lock us out; nil when there is none but those that were mended.
func (s *Settings) Blocked(plan *asteriskconf.Installation, mended []string) *asteriskconf.Obstacle {
	if s.AMI == NoAsterisk {
		return nil
	}
	for _, o := range plan.Obstacles {
		if o.Blocks && !slices.Contains(mended, o.Code) {
			return &o
		}
	}
	return nil
}

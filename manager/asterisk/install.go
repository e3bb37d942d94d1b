package asterisk

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
)

// InstallResult is the result of [Host.Install].
type InstallResult struct {
	Installation *asteriskconf.Installation
	// Report is the report of the first apply, nil if an issue blocked it.
	Report *asteriskconf.Report
}

// Install runs [Host.InstallFiles], records it in the audit log, and runs
// [Host.InitialApply] unless an issue blocks it.
func (h *Host) Install(ctx context.Context, fix ...string) (*InstallResult, error) {
	plan, err := h.InstallFiles(ctx, fix...)
	if err := errors.Join(err, h.RecordInstall(ctx, plan, err, fix...)); err != nil {
		return nil, err
	}
	installed := &InstallResult{Installation: plan}
	if h.BlockingIssue(plan, fix) != nil {
		return installed, nil
	}
	installed.Report, err = h.InitialApply(ctx)
	return installed, err
}

// PlanInstall returns the changes that [Host.InstallFiles] would make.
func (h *Host) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := h.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.PlanInstall(ctx, fix...)
}

// InstallFiles includes the pbxusers files in the configuration of Asterisk, for the
// next reload, and fixes the issues with the given codes. It needs no database.
func (h *Host) InstallFiles(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := h.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.Install(ctx, fix...)
}

// openForInstall opens the configuration folder without records: an installation does
// not read them.
func (h *Host) openForInstall() (*asteriskconf.ConfigDir, error) {
	sources := []asteriskconf.Source{manager.NewConfSource(nil, nil)}
	return asteriskconf.Open(h.opts.ConfDir, sources, &asteriskconf.Options{TakeOver: h.opts.TakeOver, Command: h.Command})
}

// RecordInstall records the result of [Host.InstallFiles] in the audit log: its changes,
// if any, or its failure. [Host.Install] does so itself.
func (h *Host) RecordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, fixed ...string) error {
	if failed != nil {
		h.opts.Audit.RecordFailure(ctx, h.AuditEvent(actionInstall), failed)
		return nil
	}
	if plan.Empty() && len(fixed) == 0 {
		return nil
	}
	event := h.AuditEvent(actionInstall)
	event.After = struct {
		Files []asteriskconf.InstalledFile `json:"files"`
		Fixed []string                     `json:"fixed,omitempty"`
	}{plan.Files, fixed}
	return h.opts.Audit.Record(ctx, event)
}

// actionInstall is the action of an installation in the audit log.
const actionInstall = "install"

// BlockingIssue returns the first issue that is not fixed and makes a reload close AMI,
// which would lock the program out. It returns nil if there is none.
func (h *Host) BlockingIssue(plan *asteriskconf.Installation, fixed []string) *asteriskconf.Issue {
	if h.opts.Address == None {
		return nil
	}
	for _, issue := range plan.Issues {
		if issue.Blocking && !slices.Contains(fixed, issue.Code) {
			return &issue
		}
	}
	return nil
}

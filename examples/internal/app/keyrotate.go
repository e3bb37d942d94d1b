package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store/audit"
)

// KeyRotation is the result of [App.RotateKeys].
type KeyRotation struct {
	// Reencrypted counts the values and signatures that were renewed.
	Reencrypted int `json:"reencrypted"`
	// OldKeysDropped reports whether the new key is the only one in the key
	// file.
	OldKeysDropped bool `json:"old_keys_dropped"`
}

// maxReencryptPasses bounds how often [App.RotateKeys] looks for values that
// another process wrote with an old key.
const maxReencryptPasses = 10

// RotateKeys adds a new key to the key file, encrypts all secrets again, and
// signs the audit log again. Unless keepOld is set, it then drops the old
// keys, but only if nothing needs them. It can be interrupted at any instant:
// all keys that are needed stay in the file, and another run does the rest.
func (s *App) RotateKeys(ctx context.Context, keepOld bool) (*KeyRotation, error) {
	event := audit.Event{Action: "rotate keys", Kind: "settings", Key: "keys"}
	result := &KeyRotation{}
	if err := s.keyring.Rotate(); err != nil {
		s.AuditLog.RecordFailure(ctx, event, err)
		return nil, err
	}
	if err := s.AuditLog.Record(ctx, event); err != nil {
		return nil, err
	}
	primary, err := s.reencrypt(ctx, result)
	if err != nil {
		s.AuditLog.RecordFailure(ctx, event, err)
		return nil, WithHint(fmt.Errorf("the old keys are still needed: %w", err), rotateAgainHint)
	}
	if keepOld {
		return result, nil
	}
	if err := s.dropOldKeys(ctx, primary); err != nil {
		s.AuditLog.RecordFailure(ctx, event, err)
		return nil, err
	}
	result.OldKeysDropped = true
	return result, nil
}

const rotateAgainHint = "All keys are still in the key file. Run 'pbxctl key rotate' again to finish."

// reencrypt renews what an older key sealed or signed, until a pass finds
// nothing. It returns the id of the key that the last pass used.
func (s *App) reencrypt(ctx context.Context, result *KeyRotation) (primary string, err error) {
	for range maxReencryptPasses {
		primary = s.keyring.PrimaryID()
		renewed, err := s.DB.Reencrypt(ctx)
		result.Reencrypted += renewed
		if err != nil || renewed == 0 {
			return primary, err
		}
	}
	return "", errors.New("another program still writes with an old key")
}

// dropOldKeys drops the old keys if the audit log is intact. A signature that
// does not match is not renewed, and only the old key can tell that later.
func (s *App) dropOldKeys(ctx context.Context, primary string) error {
	found, err := s.VerifyAudit(ctx)
	if err != nil {
		return WithHint(err, rotateAgainHint)
	}
	if found.FindingCount > 0 {
		return WithHint(
			fmt.Errorf("everything was encrypted again, but the old keys were kept: the audit log failed verification (%d findings)", found.FindingCount),
			"Run 'pbxctl audit verify' to see the findings.",
		)
	}
	return s.keyring.DropOldKeys(primary)
}

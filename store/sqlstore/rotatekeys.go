package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store/audit"
)

// KeyRotation is the result of [DB.RotateKeys].
type KeyRotation struct {
	// Reencrypted counts the values and signatures that were renewed.
	Reencrypted int `json:"reencrypted"`
	// OldKeysDropped reports whether the new key is the only one in the key file.
	OldKeysDropped bool `json:"old_keys_dropped"`
}

// RotateKeysOptions are the options of [DB.RotateKeys].
type RotateKeysOptions struct {
	// KeepOld keeps the old keys in the key file. Default false.
	KeepOld bool
	// Audit records the rotation, and its failure. Default no audit log.
	Audit *audit.Log
	// Verify verifies the audit log and all records, see [audit.Log.Verify]. The old
	// keys are dropped only if it finds nothing: a signature that does not match is not
	// renewed, and only the old key can tell that later. Default no verification.
	Verify func(context.Context) (*audit.Verification, error)
}

// OldKeysKeptError means that a rotation failed after the new key was added. All keys
// are still in the key file. Another rotation finishes it, once the audit log has no
// findings.
type OldKeysKeptError struct {
	// Findings counts the findings of the verification; 0 if Err is the cause.
	Findings int64
	Err      error
}

func (e *OldKeysKeptError) Error() string {
	if e.Findings > 0 {
		return fmt.Sprintf("everything was encrypted again, but the old keys were kept: the audit log failed verification (%d findings)", e.Findings)
	}
	return "the old keys are still needed: " + e.Err.Error()
}

func (e *OldKeysKeptError) Unwrap() error { return e.Err }

// maxReencryptPasses bounds how often [DB.RotateKeys] looks for values that another
// process wrote with an old key.
const maxReencryptPasses = 10

// RotateKeys adds a new key to the key file, encrypts all secrets again, and signs the
// audit log again. Unless KeepOld is set, it then drops the old keys, but only if
// nothing needs them. It can be interrupted at any instant: all keys that are needed
// stay in the file, and another run does the rest. It returns an [OldKeysKeptError] if
// it fails after the new key was added. opts can be nil.
func (db *DB) RotateKeys(ctx context.Context, opts *RotateKeysOptions) (*KeyRotation, error) {
	if opts == nil {
		opts = &RotateKeysOptions{}
	}
	event := audit.Event{Action: "rotate keys", Kind: "settings", Key: "keys"}
	if err := db.keyring.Rotate(); err != nil {
		opts.Audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	if err := opts.Audit.Record(ctx, event); err != nil {
		return nil, err
	}
	result := &KeyRotation{}
	if err := db.renewAll(ctx, opts, result); err != nil {
		opts.Audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	return result, nil
}

// renewAll encrypts and signs everything with the new key, and drops the old ones.
func (db *DB) renewAll(ctx context.Context, opts *RotateKeysOptions, result *KeyRotation) error {
	primary, err := db.reencryptAll(ctx, result)
	if err != nil {
		return &OldKeysKeptError{Err: err}
	}
	if opts.KeepOld {
		return nil
	}
	if opts.Verify != nil {
		found, err := opts.Verify(ctx)
		if err != nil {
			return &OldKeysKeptError{Err: err}
		}
		if found.FindingCount > 0 {
			return &OldKeysKeptError{Findings: found.FindingCount}
		}
	}
	if err := db.keyring.DropOldKeys(primary); err != nil {
		return err
	}
	result.OldKeysDropped = true
	return nil
}

// reencryptAll renews what an older key sealed or signed, until a pass finds nothing. It
// returns the id of the key that the last pass used.
func (db *DB) reencryptAll(ctx context.Context, result *KeyRotation) (primary string, err error) {
	for range maxReencryptPasses {
		primary = db.keyring.PrimaryID()
		renewed, err := db.Reencrypt(ctx)
		result.Reencrypted += renewed
		if err != nil || renewed == 0 {
			return primary, err
		}
	}
	return "", errors.New("another program still writes with an old key")
}

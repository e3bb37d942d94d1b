package audit

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// CodeCheckpointMismatch means that the entry of a checkpoint is missing or is another
// one: the whole log may have been replaced.
const CodeCheckpointMismatch = "checkpoint_mismatch"

// Checkpoint is the last entry of a verification. Keep it outside of the database, and
// compare it later with [Log.CompareCheckpoint]. The zero Checkpoint is none.
type Checkpoint struct {
	Sequence int64
	Hash     string
}

// Checkpoint returns the last entry. It is zero if the log is empty.
func (v *Verification) Checkpoint() Checkpoint { return Checkpoint{v.Entries, v.Hash} }

// String returns what [ParseCheckpoint] reads, such as "86:<hash>".
func (c Checkpoint) String() string { return fmt.Sprintf("%d:%s", c.Sequence, c.Hash) }

// ParseCheckpoint reads a checkpoint. It returns an error wrapping [store.ErrInvalid] on
// "checkpoint" if text is none. An empty text is the zero Checkpoint.
func ParseCheckpoint(text string) (Checkpoint, error) {
	if text == "" {
		return Checkpoint{}, nil
	}
	sequence, hash, _ := strings.Cut(text, ":")
	number, err := strconv.ParseInt(sequence, 10, 64)
	if err != nil || number < 1 || hash == "" {
		return Checkpoint{}, store.NewInvalidError(store.FieldError{
			Field: "checkpoint", Code: store.CodeSyntax, Message: "enter SEQUENCE:HASH from an earlier verification",
		})
	}
	return Checkpoint{number, strings.ToLower(hash)}, nil
}

// CompareCheckpoint adds a finding to v if the entry of the checkpoint is missing or
// differs. [Log.Verify] itself cannot tell whether the whole log was replaced.
func (l *Log) CompareCheckpoint(ctx context.Context, v *Verification, c Checkpoint) error {
	if c == (Checkpoint{}) {
		return nil
	}
	list, err := l.List(ctx, Query{PageRequest: store.PageRequest{After: strconv.FormatInt(c.Sequence+1, 10), Limit: 1}})
	if err != nil {
		return err
	}
	if len(list.Items) == 1 && list.Items[0].Sequence == c.Sequence && list.Items[0].Hash.String() == c.Hash {
		return nil
	}
	v.FindingCount++
	v.Findings = append(v.Findings, Finding{
		Sequence: c.Sequence, Code: CodeCheckpointMismatch,
		Message: "the entry differs from the checkpoint; this entry and all entries before it may have been replaced",
	})
	return nil
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func mailTable() table {
	return table{
		name: "pbxusers_mails", keyLen: 3,
		columns: []string{
			"team", "user_id", "kind", "status", "message", "attempts", "requested_by_kind", "requested_by_name",
			"requested_at", "first_attempt_at", "next_attempt_at", "updated_at", "seal",
		},
	}
}

// mailSealContext is the encryption context of the seal of a mail: all other columns,
// because the audit log has no mails.
func mailSealContext(columns []string) string { return fmt.Sprintf("pbxusers_mails/%q", columns) }

// decodeMail decodes one row of the columns of mailTable.
func decodeMail(row scanner) (*mailqueue.Mail, error) {
	mail, team, times, seal := &mailqueue.Mail{}, "", make(micros, 4), []byte(nil)
	err := row.Scan(append([]any{
		&team, &mail.UserID, &mail.Kind, &mail.Status, &mail.Message, &mail.Attempts, &mail.RequestedBy.Kind, &mail.RequestedBy.Name,
	}, append(times.columns(), &seal)...)...)
	times.decode(&mail.RequestedAt, &mail.FirstAttemptAt, &mail.NextAttemptAt, &mail.UpdatedAt)
	return mail, err
}

// PutMail implements [mailqueue.Store].
func (m userStore) PutMail(ctx context.Context, mail *mailqueue.Mail) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		if err := m.requireUser(ctx, q, mail.UserID); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, mailTable().deleteByKey(), m.team, mail.UserID, mail.Kind); err != nil {
			return m.wrapError(ctx, "put mail", err)
		}
		_, err := q.ExecContext(ctx, mailTable().insert(), m.encodeMail(mail)...)
		return m.wrapError(ctx, "put mail", err)
	})
}

// encodeMail returns the values of the columns of mailTable.
func (m userStore) encodeMail(mail *mailqueue.Mail) []any {
	values := []any{
		m.team, string(mail.UserID), string(mail.Kind), string(mail.Status), mail.Message, mail.Attempts,
		string(mail.RequestedBy.Kind), mail.RequestedBy.Name,
		mail.RequestedAt.UnixMicro(), mail.FirstAttemptAt.UnixMicro(), mail.NextAttemptAt.UnixMicro(), mail.UpdatedAt.UnixMicro(),
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return append(values, m.keyring.Seal(nil, mailSealContext(texts)))
}

// Mails implements [mailqueue.Store].
func (m userStore) Mails(ctx context.Context, userID store.UserID) ([]*mailqueue.Mail, error) {
	mails := []*mailqueue.Mail{}
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		mails = mails[:0] // this function may run again
		rows, err := q.QueryContext(ctx, mailTable().selectAll()+" WHERE team = ? AND user_id = ? ORDER BY kind", m.team, userID)
		if err != nil {
			return m.wrapError(ctx, "list mails", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			mail, err := decodeMail(rows)
			if err != nil {
				return m.wrapError(ctx, "list mails", err)
			}
			mails = append(mails, mail)
		}
		return m.wrapError(ctx, "list mails", rows.Err())
	})
	if err != nil {
		return nil, err
	}
	return mails, nil
}

// nextMailSQL reads the mail with the earliest next attempt.
func nextMailSQL() string {
	return mailTable().selectAll() + " WHERE team = ? AND next_attempt_at > ? ORDER BY next_attempt_at, user_id, kind LIMIT 1"
}

// NextMail implements [mailqueue.Store].
func (m userStore) NextMail(ctx context.Context) (next *mailqueue.Mail, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		next, err = decodeMail(q.QueryRowContext(ctx, nextMailSQL(), m.team, time.Time{}.UnixMicro()))
		if errors.Is(err, sql.ErrNoRows) {
			return &store.NotFoundError{Kind: "mail"}
		}
		return m.wrapError(ctx, "read mail", err)
	})
	if err != nil {
		return nil, err
	}
	return next, nil
}

// DeleteMail implements [mailqueue.Store].
func (m userStore) DeleteMail(ctx context.Context, userID store.UserID, kind usermail.Kind) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, mailTable().deleteByKey(), m.team, userID, kind)
		return m.wrapError(ctx, "delete mail", err)
	})
}

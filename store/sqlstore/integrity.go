package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// integrityCheck compares the rows of the database with what this program would write.
// The audit log proves the records themselves.
type integrityCheck struct {
	*DB
	q       querier
	records []audit.RecordSource
	report  func(audit.Finding)
}

// CheckIntegrity implements [audit.Store]. It encodes every record again and compares
// the result with its rows, in all tables that have rows of the record. It decrypts
// every value, and compares the schema with that of a new database. It does not read
// the entries, which the audit log proves.
func (m auditStore) CheckIntegrity(ctx context.Context, records []audit.RecordSource, report func(audit.Finding)) error {
	expected, err := m.newSchema(ctx)
	if err != nil {
		return err
	}
	return m.snapshot(ctx, func(q querier) error {
		c := &integrityCheck{DB: m.DB, q: q, records: records, report: report}
		for _, check := range []func(context.Context) error{
			func(ctx context.Context) error { return c.checkSchema(ctx, expected) },
			c.checkProvenRows, c.checkSingleRows,
			c.checkAMIAccounts, c.checkAdministrators, c.checkGroups, c.checkUsers, c.checkTokens, c.checkExtensions,
		} {
			if err := check(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// covers reports whether a source reads the records of a kind and team. A kind without
// any source is not compared.
func (c *integrityCheck) covers(kind, team string) bool {
	ofKind := func(s audit.RecordSource) bool { return s.Kind == kind }
	return !slices.ContainsFunc(c.records, ofKind) ||
		slices.ContainsFunc(c.records, func(s audit.RecordSource) bool { return ofKind(s) && s.Team == team })
}

// checkProvenRows decrypts the values that authenticate their rows.
func (c *integrityCheck) checkProvenRows(ctx context.Context) error {
	for _, column := range sealedColumns() {
		for last := (*sealedValue)(nil); column.provesRow; {
			values, err := c.sealedValues(ctx, c.q, column, last, column.batch)
			if err != nil {
				return err
			}
			for _, value := range values {
				if _, err := c.keyring.Open(value.sealed, column.sealContext(value.key)); err != nil {
					c.report(newFinding(audit.CodeRowModified, "table "+column.table, value.key[0], fmt.Sprintf("%s %q: %v", column.label, value.key[0], err)))
				}
			}
			if len(values) < column.batch {
				break
			}
			last = &values[len(values)-1]
		}
	}
	return nil
}

// checkSingleRows requires the identity, and that there is one head of the audit log.
func (c *integrityCheck) checkSingleRows(ctx context.Context) error {
	err := c.requireRow(ctx, "pbxusers_identity", "identity", "SELECT EXISTS (SELECT 1 FROM pbxusers_identity)")
	if err != nil {
		return err
	}
	var others int64
	err = c.q.QueryRowContext(ctx, "SELECT COUNT(*) FROM pbxusers_audit_head WHERE id <> 1").Scan(&others)
	if others > 0 {
		c.report(newFinding(audit.CodeRowAdded, "table pbxusers_audit_head", "head", "there is more than one head: it was added outside this program"))
	}
	return c.wrapError(ctx, "check the integrity", err)
}

// requireRow reports that a row of a table is missing if a query returns 0.
func (c *integrityCheck) requireRow(ctx context.Context, table, key, text string, args ...any) error {
	var found bool
	err := c.q.QueryRowContext(ctx, text, args...).Scan(&found)
	if err == nil && !found {
		c.report(newFinding(audit.CodeRowMissing, "table "+table, key, "this row is missing: it was deleted outside this program"))
	}
	return c.wrapError(ctx, "check the integrity", err)
}

func (c *integrityCheck) checkAMIAccounts(ctx context.Context) error {
	return checkRecords(ctx, c, recordTable[*manager.Account]{
		table: amiAccountTable(), decoder: func() func(scanner) (*manager.Account, error) { return c.amiAccountDecoder().decode },
		encode: func(_ storedRow, a *manager.Account) ([]any, error) { return c.encodeAMIAccount(a) },
		kind:   func(*manager.Account) string { return "AMI account" },
		key:    func(a *manager.Account) string { return a.Name },
	}, nil)
}

func (c *integrityCheck) checkAdministrators(ctx context.Context) error {
	return checkRecords(ctx, c, recordTable[*ampusers.Administrator]{
		table: administratorTable(), decoder: func() func(scanner) (*ampusers.Administrator, error) { return c.administratorDecoder().decode },
		encode: func(_ storedRow, a *ampusers.Administrator) ([]any, error) { return c.encodeAdministrator(a), nil },
		kind:   func(*ampusers.Administrator) string { return "administrator" },
		key:    func(a *ampusers.Administrator) string { return a.Username },
	}, nil)
}

func (c *integrityCheck) checkTokens(ctx context.Context) error {
	return checkRecords(ctx, c, recordTable[*apitoken.Token]{
		table: tokenTable(), decoder: func() func(scanner) (*apitoken.Token, error) { return newTokenDecoder().decode },
		encode: func(row storedRow, t *apitoken.Token) ([]any, error) {
			return tokenStore{teamStore{c.DB, row.text(0)}}.encodeToken(t)
		},
		kind: func(*apitoken.Token) string { return apitoken.Kind },
		key:  func(t *apitoken.Token) string { return string(t.ID) },
	}, nil)
}

func (c *integrityCheck) checkExtensions(ctx context.Context) error {
	return checkRecords(ctx, c, recordTable[*extension.Extension]{
		table: extensionTable(), decoder: func() func(scanner) (*extension.Extension, error) { return c.extensionDecoder().decode },
		encode: func(row storedRow, e *extension.Extension) ([]any, error) {
			return extensionStore{teamStore{c.DB, row.text(0)}}.encodeExtension(e)
		},
		kind: func(*extension.Extension) string { return extension.Kind },
		key:  func(e *extension.Extension) string { return e.Number },
	}, nil)
}

// checkGroups also requires the revision of the groups of each team.
func (c *integrityCheck) checkGroups(ctx context.Context) error {
	first, team := true, ""
	return checkRecords(ctx, c, recordTable[*userman.Group]{
		table: groupTable(), decoder: func() func(scanner) (*userman.Group, error) { return newGroupDecoder().decode },
		encode: func(row storedRow, g *userman.Group) ([]any, error) {
			return userStore{teamStore{c.DB, row.text(0)}}.encodeGroup(g)
		},
		kind: func(*userman.Group) string { return userman.KindGroup },
		key:  func(g *userman.Group) string { return g.Name },
	}, func(ctx context.Context, row storedRow, _ *userman.Group) error {
		if !first && row.text(0) == team {
			return nil
		}
		first, team = false, row.text(0)
		return c.requireRow(ctx, "pbxusers_group_revisions", team, "SELECT EXISTS (SELECT 1 FROM pbxusers_group_revisions WHERE team = ?)", team)
	})
}

func newFinding(code, kind, key, message string) audit.Finding {
	return audit.Finding{Kind: kind, Key: key, Code: code, Message: message}
}

// modifiedMessage is the message about columns that do not match their record.
func modifiedMessage(table string, columns []string) string {
	return "the row in " + table + " does not match the record in " + strings.Join(columns, ", ") + ": it was modified outside this program"
}

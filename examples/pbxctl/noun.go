package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
)

// noun is the command of a type of record. The verbs that all types have loop over
// its declaration.
type noun[R any] struct {
	*cli

	// article names a record in a sentence, and argument its key in a command
	// line: "a user", "USERNAME".
	article, argument string
	// declare declares the type on the services of s, which is nil for the help.
	declare func(s *app.App) *resource.Type[R]
	// fold returns the form in which keys are compared.
	fold func(string) string
	// joined are the text fields whose flags can be repeated.
	joined []string
	// whole are the lists whose flags hold one element each, commas included.
	whole []string
	// extra are the flags of fields that the declaration leaves out.
	extra []extraFlag[R]
	// prepare checks and changes the values of flags before they are applied to
	// the record; nil does nothing.
	prepare func(record *R, values map[string]field.Value) []store.FieldError
	// columns are the fields of a list.
	columns []string
	// text returns the texts of fields that do not print as their JSON value:
	// one row for each text.
	text map[string]func(*R) []string
	// unlimited are the lists that mean all when they are empty.
	unlimited []string
	// notes are printed below a record; nil prints none.
	notes func(*R) []string
	// noSecret says what happens to a new record without a secret or password.
	noSecret string
	// lost says what to do if a secret that is shown only once was not printed.
	lost func(key string) string
	// empty is printed for a list without records, and the others after changes.
	empty, edited, deleted string
	created                func(resource.Result[R]) string
}

// verb is a command for one record, whose key is its argument.
func (n *noun[R]) verb(use, short string, run func(ctx context.Context, s *app.App, key string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use + " " + n.argument,
		Short:             short,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: n.complete,
		RunE: n.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			return run(cmd.Context(), s, args[0])
		}),
	}
}

// action is a command that changes one record by a method of its service, and
// prints it.
func action[R, S any](n *noun[R], service func(*app.App) *S, use, short string, act func(*S, context.Context, string) (*R, error)) *cobra.Command {
	return n.verb(use, short, func(ctx context.Context, s *app.App, key string) error {
		record, err := act(service(s), ctx, key)
		return n.printRecord(s, resource.Result[R]{Record: record}, err, n.edited)
	})
}

func (n *noun[R]) show() *cobra.Command {
	return n.verb("show", "Show "+n.article, func(ctx context.Context, s *app.App, key string) error {
		result, err := n.declare(s).Get(ctx, key)
		return n.printRecord(s, result, err, "")
	})
}

func (n *noun[R]) delete(short string) *cobra.Command {
	var force bool
	cmd := n.verb("delete", short, func(ctx context.Context, s *app.App, key string) error {
		t := n.declare(s)
		if result, err := t.Get(ctx, key); err == nil {
			key = t.KeyOf(result.Record) // as it is stored
		}
		if err := t.Delete(ctx, key, force); err != nil {
			return err
		}
		return n.print(map[string]string{"deleted": key}, n.deleted+"\n")
	})
	if n.declare(nil).Force != "" {
		cmd.Flags().BoolVar(&force, "force", false, "remove all members first")
	}
	return cmd
}

// add creates a record. Its key is the argument, unless the record belongs to an
// owner: then the argument is the owner.
func (n *noun[R]) add(use, short, example string, openDB func(context.Context) (*app.App, error)) *cobra.Command {
	t := n.declare(nil)
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ExactArgs(1)}
	flags := n.register(cmd, append(t.Metas(), t.Inputs...), func(m field.Meta) bool { return m.Name != t.Key })
	secret := n.registerSecret(cmd, n.noSecret)
	cmd.RunE = n.runE(func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		given, errs, err := secret.read(ctx, n.stdin)
		if err != nil {
			return err
		}
		s, err := openDB(ctx)
		if err != nil {
			return err
		}
		t := n.declare(s)
		draft := &resource.Draft[R]{Record: t.New(), Owner: args[0], Secret: given, Inputs: flags.values(), Given: flags.given(), Errors: errs}
		values := flags.values()
		if _, ok := t.Lookup(t.Key); ok {
			values[t.Key] = field.TextValue(args[0])
		}
		draft.Errors = append(draft.Errors, flags.apply(s, t, draft.Record, values)...)
		result, err := t.Create(ctx, draft)
		if errors.As(err, new(*resource.InvitationError)) {
			err = app.WithHint(err, n.lost(args[0]))
		}
		return n.printRecord(s, result, err, n.created(result))
	})
	return cmd
}

// edit changes the fields whose flags are given. The secret, if withSecret is not
// nil, is one of them.
func (n *noun[R]) edit(example, note string, withSecret func(*R, store.Secret)) *cobra.Command {
	t := n.declare(nil)
	cmd := &cobra.Command{
		Use:               "edit " + n.argument,
		Short:             "Change fields of " + n.article,
		Long:              "Change the given fields of " + n.article + "; all other fields stay. A list is replaced as a whole; an empty value clears it." + note,
		Example:           example,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: n.complete,
		PreRunE:           requireChange,
	}
	metas := append(t.Metas(), slices.DeleteFunc(slices.Clone(t.Inputs), func(m field.Meta) bool { return m.Kind == field.KindBool })...)
	flags := n.register(cmd, metas, func(m field.Meta) bool { return !m.Immutable })
	dryRun := false
	if t.Preview != nil {
		registerDryRun(cmd, &dryRun)
	}
	secret := &secretFlags{}
	if withSecret != nil {
		secret = n.registerSecret(cmd, "it stays")
	}
	cmd.RunE = n.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		ctx := cmd.Context()
		given, errs, err := secret.read(ctx, n.stdin)
		if err != nil {
			return err
		}
		t := n.declare(s)
		change := func(record *R) error {
			if !given.IsZero() {
				withSecret(record, given)
			}
			return store.NewInvalidError(slices.Concat(errs, flags.apply(s, t, record, flags.values()))...)
		}
		if t.Preview != nil {
			revocations, err := t.Preview(ctx, args[0], change)
			if err := n.printRevocations(revocations, err, dryRun); err != nil || dryRun {
				return err
			}
		}
		result, err := t.Update(ctx, args[0], change)
		return n.printRecord(s, result, err, n.edited)
	})
	return cmd
}

// registerSecret adds the flags of the secret or password, if the type has one.
// without says what happens without it.
func (n *noun[R]) registerSecret(cmd *cobra.Command, without string) *secretFlags {
	secret := &secretFlags{}
	if m := n.declare(nil).Secret; m != nil {
		secret.register(cmd, m.Name, without)
	}
	return secret
}

// readSecret reads the secret of a command that changes it. The audit log records
// an empty one.
func (n *noun[R]) readSecret(ctx context.Context, s *app.App, secret *secretFlags, action, key string) (store.Secret, error) {
	given, errs, err := secret.read(ctx, n.stdin)
	if err != nil {
		return store.Secret{}, err
	}
	if err := store.NewInvalidError(errs...); err != nil {
		s.AuditLog.RecordFailure(ctx, n.event(ctx, s, action, key), err)
		return store.Secret{}, err
	}
	return given, nil
}

// event describes an operation for the audit log. The key of a record that does not
// exist may be a secret in the wrong place: the event does not have it.
func (n *noun[R]) event(ctx context.Context, s *app.App, action, key string) audit.Event {
	t := n.declare(s)
	event := audit.Event{Action: action, Kind: t.Kind}
	if result, err := t.Get(ctx, key); err == nil {
		event.Key = t.KeyOf(result.Record)
	}
	return event
}

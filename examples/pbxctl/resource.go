package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
)

// resource declares a record type: its fields, and how to reach its service. The
// commands that all types share loop over it.
type resource[T any] struct {
	*cli

	// noun is the command, article the record in a sentence, and argument the
	// placeholder of its key.
	noun, article, argument string
	// kind is that of audit events. namesInAudit says that audit events may name
	// a key that does not exist, where the key cannot be a secret.
	kind         string
	namesInAudit bool
	// fields are the plain fields, and extra the flags of all else.
	fields *field.Table[T]
	extra  []extraFlag[T]
	// renamed is the plain field that holds the key, if 'edit' can change it.
	renamed string
	key     func(*T) string

	get    func(ctx context.Context, s *app.App, key string) (*T, error)
	list   func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*T], error)
	update func(ctx context.Context, s *app.App, key string, edit func(*T) error) (*T, error)
	remove func(ctx context.Context, s *app.App, key string) error
	// view prepares a record to be printed.
	view func(ctx context.Context, s *app.App, record *T) (view, error)
	// fold returns the form in which keys are compared.
	fold func(string) string
	// columns are those of the list, and empty is printed for an empty one.
	columns []column[T]
	empty   string
	// edited and deleted are printed after a change.
	edited, deleted string
}

// listQuery is what every list can be asked for.
type listQuery struct {
	store.PageRequest

	Search string
	Sort   store.Sort
}

// one is a command for one record, whose key is its argument.
func (r *resource[T]) one(use, short string, run func(ctx context.Context, s *app.App, key string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use + " " + r.argument,
		Short:             short,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete,
		RunE: r.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			return run(cmd.Context(), s, args[0])
		}),
	}
}

func (r *resource[T]) showCommand() *cobra.Command {
	return r.one("show", "Show "+r.article, func(ctx context.Context, s *app.App, key string) error {
		record, err := r.get(ctx, s, key)
		return r.printResult(ctx, s, record, err, "")
	})
}

// action is a command that changes one record and prints it.
func (r *resource[T]) action(use, short string, act func(ctx context.Context, s *app.App, key string) (*T, error)) *cobra.Command {
	return r.one(use, short, func(ctx context.Context, s *app.App, key string) error {
		record, err := act(ctx, s, key)
		return r.printResult(ctx, s, record, err, r.edited)
	})
}

// printResult prints a record, unless err says that there is none.
func (r *resource[T]) printResult(ctx context.Context, s *app.App, record *T, err error, footer string) error {
	if err != nil {
		return err
	}
	v, err := r.view(ctx, s, record)
	if err != nil {
		return err
	}
	return r.printView(v, footer)
}

func (r *resource[T]) deleteCommand(short string) *cobra.Command {
	return r.one("delete", short, func(ctx context.Context, s *app.App, key string) error {
		if record, err := r.get(ctx, s, key); err == nil {
			key = r.key(record) // as it is stored
		}
		if err := r.remove(ctx, s, key); err != nil {
			return err
		}
		return r.print(map[string]string{"deleted": key}, func() string { return r.deleted + "\n" })
	})
}

// addCommand is a command that creates a record. change returns the record to
// create; create stores it and prints the result.
type addCommand[T any] struct {
	cobra.Command

	// noSecret says what happens without a secret or password; an empty one
	// means that there is none to give. secretField is its name.
	secretField, noSecret string
	// anyDatabase creates the database where there is none.
	anyDatabase bool
	fresh       func(arg string) *T
	create      func(ctx context.Context, s *app.App, record *T, secret store.Secret) (*T, error)
	done        func(ctx context.Context, s *app.App, created *T, secret store.Secret) error
}

func (r *resource[T]) addCommand(add *addCommand[T]) *cobra.Command {
	cmd := &add.Command
	cmd.Args = cobra.ExactArgs(1)
	flags := r.register(cmd)
	secret := secretFlags{}
	if add.secretField != "" {
		secret.register(cmd, add.secretField, add.noSecret)
	}
	cmd.RunE = r.runE(func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		given, errs, err := secret.read(ctx, r.stdin)
		if err != nil {
			return err
		}
		open := r.open
		if add.anyDatabase {
			open = r.openOrCreate
		}
		s, err := open(ctx)
		if err != nil {
			return err
		}
		set, flagErrs := flags.changes(s)
		errs = append(errs, flagErrs...)
		record := add.fresh(args[0])
		set(record)
		created, err := withFlagErrors(ctx, s, errs, r.event(ctx, s, "create", args[0]), func(ctx context.Context) (*T, error) {
			return add.create(ctx, s, record, given)
		})
		if err != nil {
			return err
		}
		return add.done(ctx, s, created, given)
	})
	return cmd
}

// editCommand is a command that changes the fields whose flags are given. Its
// secret, if withSecret is not nil, is one of them.
func (r *resource[T]) editCommand(example, note string, withSecret func(*T, store.Secret)) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "edit " + r.argument,
		Short:             "Change fields of " + r.article,
		Long:              "Change the given fields of " + r.article + "; all other fields stay. A list is replaced as a whole; an empty value clears it." + note,
		Example:           example,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete,
		PreRunE:           requireChange,
	}
	flags := r.register(cmd, r.renamed)
	secret := secretFlags{}
	if withSecret != nil {
		secret.register(cmd, "secret", "it stays")
	}
	cmd.RunE = r.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		ctx := cmd.Context()
		given, errs, err := secret.read(ctx, r.stdin)
		if err != nil {
			return err
		}
		set, flagErrs := flags.changes(s)
		errs = append(errs, flagErrs...)
		updated, err := withFlagErrors(ctx, s, errs, r.event(ctx, s, "update", args[0]), func(ctx context.Context) (*T, error) {
			return r.update(ctx, s, args[0], func(record *T) error {
				set(record)
				if !given.IsZero() {
					withSecret(record, given)
				}
				return nil
			})
		})
		return r.printResult(ctx, s, updated, err, r.edited)
	})
	return cmd
}

// event describes an operation for the audit log.
func (r *resource[T]) event(ctx context.Context, s *app.App, action, key string) audit.Event {
	event := audit.Event{Action: action, Kind: r.kind}
	if record, err := r.get(ctx, s, key); err == nil {
		event.Key = r.key(record)
	} else if name := username.Normalize(key); r.namesInAudit && username.Valid(name) {
		event.Key = name // anything else may be a secret in the wrong place
	}
	return event
}

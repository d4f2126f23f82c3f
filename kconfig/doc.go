// Package kconfig resolves configurations: a tree of options, layers of assignments on top of it, and for every
// option a value with the reason for it. It has the semantics of Kconfig, in HCL syntax, and knows no cloud.
//
//	tree, diags := kconfig.LoadTree(fsys, "runtime/Kconfig.hcl")
//	layer, diags := kconfig.ParseOverlay("overlay-aws.hcl", text)
//	config, diags := tree.Resolve(base, layer)
//
// Nothing is silently wrong: whatever does not take effect is a [Diagnostic] with a code, a range, the reason and a fix. All findings of a
// run come together, in one order ([Diagnostics.Sort]).
//
// # Trees
//
// A tree is a set of Kconfig.hcl files. Blocks:
//
//	option "NAME" {…}         an option; several blocks of one name add up in parse order
//	choice "NAME" {…}         bool options of which one is y; the same name in another place adds members
//	menu "Title" {…}          a titled group with depends_on, visible_if, planned
//	group {…}                 the same without a title
//	comment "text" {…}        for documentation; depends_on
//	source "dir/*.hcl" {}     more files, relative to this one, wildcards allowed; optional = true if there may be none;
//	                          variables = { module = "X" } puts X in the place of $(module) there, so that a file can be a template
//	component "slot" {…}      a package that the configuration switches on: if, implements, packaging
//	constraint "rule" {…}     a rule between options: condition, depends_on, fix
//	omitted "reason" {…}      names of the SDK that mean nothing here: names = ["SPI", "SPI_*"]
//
// Properties of an option:
//
//	type = bool | int | hex | string
//	prompt = "…"              without one it cannot be assigned; prompt_if = EXPR hides the prompt alone
//	default = VALUE           or default { value = …  if = EXPR  mark = "…" }; the first whose condition holds counts
//	range = [MIN, MAX]        or range { min = …  max = …  if = EXPR }; the first whose condition holds counts
//	depends_on = EXPR
//	select = [A, B]           or select "A" { if = EXPR }; imply likewise
//	required = true | EXPR    "" and -1 count as unset
//	pattern = "^…$"           regular expression for a value that is not empty
//	provision { tag = NAME  file = "…"  if = EXPR  note = "…" }  of a secret: it goes to the file of the security tag
//	                          that the option NAME gives; the first whose condition holds counts
//	secret, unit, help, origin ("sdk" if not given)
//	effect = "why"            accepted and checked; a note says that it changes nothing
//	warning = "what"          passed on to whoever sets it
//	planned = "what it waits for"  off whatever its default; assigning it is an error
//	renamed_to = NAME         an old name; renamed_values = { old = new }
//
// A choice has prompt, prompt_if, depends_on, default, optional, required, planned and help.
//
// Expressions consist of option names, y and n, whole numbers, strings, brackets and && || ! == != < <= > >=. A condition needs bools.
// A relation compares two string options as text, else as numbers if both sides are some (n and y being 0 and 2), else as
// text. Relations may also calculate with + - * %.
//
// # Resolution
//
// As in Kconfig: the conditions of the blocks around an option count for all its properties. A bool is, in this order, y if something
// selects it; what the layers say if it is visible; its first default, or y if something implies it and its dependencies hold; n. An int or
// hex that is assigned outside its range, or not at all, takes its first default, moved into the range. A choice takes the member that the
// layers chose last if it is visible, else the first default that is, else the first member that is.
//
// On purpose different: a member of a choice is a member whatever it depends on; an assignment that does not take effect is an error unless
// the option has that value anyway; there is no m; names in expressions must be defined; hex values have 0x.
//
// # Layers
//
// An overlay is HCL with lines NAME = value; a fragment (.conf, .config, defconfig) has Kconfig's lines; [ParseSet] reads flags. A later layer
// goes before an earlier one. Every value remembers all that was said about it ([Value.History]).
//
// # Limits
//
// A file has at most 1 MiB, brackets are nested at most 64 deep, a string has at most 1000 lines, and there are no ${ sequences. That is
// checked before hcl's parser sees the text, which would overflow its stack or copy without end.
package kconfig

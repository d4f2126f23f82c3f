package kconfig

// Code identifies a kind of diagnostic. A code keeps its meaning for ever; new
// kinds get new codes.
type Code string

// The codes, grouped by what they complain about. Meaning explains each.
const (
	// Files and their text.
	CodeUnreadable    Code = "E001"
	CodeTooLarge      Code = "E002"
	CodeTooDeep       Code = "E003"
	CodeSyntax        Code = "E004"
	CodeNotText       Code = "E005"
	CodeInterpolation Code = "E006"
	CodeRepeated      Code = "E007"

	// The option tree.
	CodeUnknownProperty Code = "E020"
	CodePropertyValue   Code = "E021"
	CodeMissingProperty Code = "E022"
	CodeTypeClash       Code = "E023"
	CodeUndefinedName   Code = "E024"
	CodeLoop            Code = "E025"
	CodeOperandType     Code = "E026"
	CodeDefault         Code = "E027"
	CodeSelect          Code = "E028"
	CodeChoice          Code = "E029"
	CodeSource          Code = "E030"
	CodeName            Code = "E031"
	CodePattern         Code = "E032"
	CodeRename          Code = "E033"
	CodeRedefinition    Code = "E034"
	CodeMisplaced       Code = "E035"
	CodeComponent       Code = "E036"

	// Assignments and what comes of them.
	CodeUnknownOption   Code = "E040"
	CodeWrongType       Code = "E041"
	CodeOutOfRange      Code = "E042"
	CodePatternMismatch Code = "E043"
	CodeNoEffect        Code = "E044"
	CodeNoPrompt        Code = "E045"
	CodeSelected        Code = "E046"
	CodeTwoMembers      Code = "E047"
	CodeChoiceNeedsOne  Code = "E048"
	CodePlanned         Code = "E049"
	CodeRequired        Code = "E050"
	CodeConstraint      Code = "E051"

	CodeRenamed        Code = "W001"
	CodeSelectUnmet    Code = "W002"
	CodeRepeatedInConf Code = "W003"
	CodeCaution        Code = "W004"
	CodeOmitted        Code = "W005"

	CodeEffect Code = "N001"
)

// codeMeanings is the one table of codes, in the order of the documentation.
var codeMeanings = [...]struct {
	code    Code
	meaning string
}{
	{CodeUnreadable, "a file cannot be read"},
	{CodeTooLarge, "a file is larger than 1 MiB, or a string in it longer than 1000 lines"},
	{CodeTooDeep, "brackets or prefix operators are nested deeper than 64"},
	{CodeSyntax, "a file is not what its format asks for"},
	{CodeNotText, "a file holds bytes that are not UTF-8 text"},
	{CodeInterpolation, "a string contains a ${ or %{ sequence, which the language does not have"},
	{CodeRepeated, "an option is assigned twice in one layer"},

	{CodeUnknownProperty, "the tree uses a block or property that the language does not have"},
	{CodePropertyValue, "the value of a property in the tree is not of the kind that it asks for"},
	{CodeMissingProperty, "something in the tree lacks a property or a name that it must have"},
	{CodeTypeClash, "two definitions of an option give it different types"},
	{CodeUndefinedName, "the tree names an option that no file defines"},
	{CodeLoop, "options depend on each other in a loop"},
	{CodeOperandType, "an expression combines values of types that do not go together"},
	{CodeDefault, "a default or a bound does not fit the type of its option"},
	{CodeSelect, "a select or imply cannot work"},
	{CodeChoice, "a choice or one of its members is ill-formed"},
	{CodeSource, "a source block finds nothing, or finds a file that is already part of the tree"},
	{CodeName, "a name is not made of letters, digits and underscores"},
	{CodePattern, "a pattern is not a regular expression"},
	{CodeRename, "a renamed option does not lead to an option"},
	{CodeRedefinition, "two definitions of an option contradict each other"},
	{CodeMisplaced, "a property stands where it cannot have a meaning"},
	{CodeComponent, "a component is ill-formed"},

	{CodeUnknownOption, "an assignment names an option that does not exist"},
	{CodeWrongType, "an assigned value is not of the option's type"},
	{CodeOutOfRange, "an assigned number is outside the option's range"},
	{CodePatternMismatch, "a value does not have the form that the option asks for"},
	{CodeNoEffect, "an assignment has no effect because a dependency is not met"},
	{CodeNoPrompt, "an assignment has no effect because the option cannot be assigned"},
	{CodeSelected, "an option is assigned n while another option selects it"},
	{CodeTwoMembers, "one layer turns on two members of a choice"},
	{CodeChoiceNeedsOne, "a member of a choice is assigned n and the choice falls on it all the same"},
	{CodePlanned, "an option whose feature is not built yet is assigned"},
	{CodeRequired, "required options have no value"},
	{CodeConstraint, "the configuration breaks a rule between options"},

	{CodeRenamed, "an assignment uses the old name of an option"},
	{CodeSelectUnmet, "an option is selected although its dependencies are not met"},
	{CodeRepeatedInConf, "a fragment assigns an option twice; the last one counts"},
	{CodeCaution, "an option is set that has a warning for whoever sets it"},
	{CodeOmitted, "an assignment names an SDK option that means nothing in a Go program"},

	{CodeEffect, "an option is accepted and changes nothing in a Go program"},
}

// Codes lists every code in the order of the documentation.
func Codes() []Code {
	codes := make([]Code, len(codeMeanings))
	for i, entry := range codeMeanings {
		codes[i] = entry.code
	}
	return codes
}

// Meaning says in one line what the code stands for; "" for an unknown code.
func (c Code) Meaning() string {
	for _, entry := range codeMeanings {
		if entry.code == c {
			return entry.meaning
		}
	}
	return ""
}

// Severity is what the first letter of the code says.
func (c Code) Severity() Severity {
	switch {
	case len(c) > 0 && c[0] == 'W':
		return Warning
	case len(c) > 0 && c[0] == 'N':
		return Note
	}
	return Error
}

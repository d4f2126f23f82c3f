module example.com/mycloud

go 1.26.0

require github.com/cloudgen/cloudgen v0.0.0

// For work on this example within cloudgen's repository. The output of cloudgen holds the runtime itself.
replace github.com/cloudgen/cloudgen => ../..

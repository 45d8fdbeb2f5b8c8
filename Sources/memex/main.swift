print("memex: being built")

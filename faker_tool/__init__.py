"""Load generator: landing files of any size, with records that look captured and, if asked for, with faults.

Start at `generate` in `faker_tool.generate`. This file imports nothing, so that a caller of one small module does not
load Arrow and Faker.
"""

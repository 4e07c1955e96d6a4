"""Load generator: landing files of any size with records that look captured, or that have the faults asked for.

`generate` in `faker_tool.generate` is the way in. Nothing is imported here: who only wants the stores or the sizes need not load Arrow and Faker.
"""
